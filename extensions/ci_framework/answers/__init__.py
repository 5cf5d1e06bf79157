"""Derive the template's answers and the project's settings from the analysis."""

from ci_framework.answers.derive import Answer, derive_answers
from ci_framework.answers.own_settings import OwnSetting, SettingValue, own_settings

__all__ = ["Answer", "OwnSetting", "SettingValue", "derive_answers", "own_settings"]
