"""The settings of pytest and coverage, in the place that is in force."""

from __future__ import annotations

from ci_engine.configuration.tables import dig
from ci_framework.analysis.effective_settings import configured_locations
from ci_framework.analysis.survey import PYPROJECT, Survey
from ci_framework.inventory import Evidence

__all__ = ["coverage_setting", "pytest_setting"]


def pytest_setting(survey: Survey, key: str) -> tuple[object, Evidence] | None:
    """A setting of pytest in the place that is in force, None if it is not set."""
    location = next(configured_locations(survey, "pytest"), None)
    if location is None:
        return None
    if location.path.endswith(".toml"):
        base = ("tool", "pytest") if location.path == PYPROJECT else ("pytest",)
        document = survey.documents.toml(location.path)
        for keys in ((*base, "ini_options", key), (*base, key)):
            value = dig(document, *keys)
            if value is not None:
                return value, survey.documents.location(location.path, *keys)
        return None
    section = "tool:pytest" if location.path == "setup.cfg" else "pytest"
    ini = survey.documents.ini(location.path)
    setting = ini.get(section, key)
    if setting is None:
        return None
    return "\n".join(setting.rows), Evidence(path=location.path, line=setting.line)


def coverage_setting(
    survey: Survey, section: str, key: str
) -> tuple[object, Evidence] | None:
    """A setting of coverage in the place that is in force."""
    location = next(configured_locations(survey, "coverage"), None)
    if location is None:
        return None
    if location.path.endswith(".toml"):
        base = ("tool", "coverage") if location.path == PYPROJECT else ()
        document = survey.documents.toml(location.path)
        if location.path != PYPROJECT and dig(document, "tool", "coverage") is not None:
            base = ("tool", "coverage")
        value = dig(document, *base, section, key)
        if value is None:
            return None
        return value, survey.documents.location(location.path, *base, section, key)
    name = section if location.path == ".coveragerc" else f"coverage:{section}"
    setting = survey.documents.ini(location.path).get(name, key)
    if setting is None:
        return None
    return "\n".join(setting.rows), Evidence(path=location.path, line=setting.line)
