"""What the analysis means for the template: answers, settings, and their record."""

from ci_framework.answers.derive import Answer, derive_answers
from ci_framework.answers.own_settings import OwnSetting, own_settings
from ci_framework.answers.record import read_answers_file, write_answers_file

__all__ = [
    "Answer",
    "OwnSetting",
    "derive_answers",
    "own_settings",
    "read_answers_file",
    "write_answers_file",
]
