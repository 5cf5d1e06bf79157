"""What the analysis means for the template: answers, and settings of the project."""

from ci_framework.answers.derive import Answer, derive_answers
from ci_framework.answers.own_settings import OwnSetting, SettingValue, own_settings

__all__ = ["Answer", "OwnSetting", "SettingValue", "derive_answers", "own_settings"]
