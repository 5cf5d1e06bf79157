"""Configure the measuring of coverage for the project's version of pytest-cov."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Generator
from importlib.util import find_spec
from typing import cast

import pytest

_OPTIONS_VARIABLE = "CI_ENGINE_COVERAGE_OPTIONS"
_SOURCES_VARIABLE = "CI_ENGINE_COVERAGE_SOURCES"
_OMIT_VARIABLE = "CI_ENGINE_COVERAGE_OMIT"
# The engine shows the text after this prefix as the reason for missing coverage.
_NOTE = "coverage: "
_AUTOLOAD_VARIABLE = "PYTEST_DISABLE_PLUGIN_AUTOLOAD"


@pytest.hookimpl(hookwrapper=True)
def pytest_load_initial_conftests(
    early_config: pytest.Config, parser: pytest.Parser, args: list[str]
) -> Generator[None]:
    """Add our options before pytest-cov reads them.

    The project chooses what to measure: by its options, else by the settings
    that coverage finds. Without both, it is the source paths.
    """
    known = early_config.known_args_namespace
    options: list[str] = json.loads(os.environ.get(_OPTIONS_VARIABLE, "[]"))
    # After the project's own --no-cov, our options would cause a warning.
    if options and hasattr(known, "cov_source") and "--no-cov" not in args:
        if not known.cov_source and "--no-cov" not in options:
            sources = json.loads(os.environ.get(_SOURCES_VARIABLE, "[]"))
            named = not sources or _names_sources(known.cov_config)
            args[:0] = ["--cov"] if named else [f"--cov={path}" for path in sources]
        end = args.index("--") if "--" in args else len(args)
        args[end:end] = options
        parsed = parser.parse_known_args(args)
        for name in ("cov_source", "cov_report", "cov_fail_under", "no_cov"):
            setattr(known, name, getattr(parsed, name))
    yield


def _names_sources(config_file: str) -> bool:
    """Whether the settings of coverage define what to measure."""
    from coverage import Coverage  # noqa: PLC0415

    try:
        config = Coverage(config_file=config_file).config
    except Exception:  # pytest-cov will report it
        return True
    names = ("source", "source_dirs", "source_pkgs")
    return any(getattr(config, name, None) for name in names)


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: pytest.Session) -> None:
    """Exclude an engine in the repository from the reports of pytest-cov."""
    omitted = os.environ.get(_OMIT_VARIABLE, "").splitlines()
    plugin = session.config.pluginmanager.get_plugin("_cov")
    controller = getattr(plugin, "cov_controller", None)
    for name in ("cov", "combining_cov"):
        coverage = getattr(controller, name, None)
        if coverage is not None and omitted:
            own = cast("list[str]", coverage.get_option("report:omit") or [])
            coverage.set_option("report:omit", [*own, *omitted])


def prepare(config: pytest.Config, _writer: object) -> str:
    """Why there will be no coverage, empty if there will be."""
    # Do not measure a pytest that a test starts, or a worker.
    if getattr(config.option, "dist", "no") == "no" or hasattr(config, "workerinput"):
        os.environ.pop(_OPTIONS_VARIABLE, None)
    reason = _why_not_measured(config)
    return f"{_NOTE}{reason}" if reason else ""


def _why_not_measured(config: pytest.Config) -> str:
    if not find_spec("pytest_cov"):
        return _why_workers_are_not_measured(config)
    if not hasattr(config.option, "cov_source"):
        blocked = config.pluginmanager.is_blocked("pytest_cov")
        unloaded = os.environ.get(_AUTOLOAD_VARIABLE) and not blocked
        return f"{_AUTOLOAD_VARIABLE if unloaded else '-p'} turns pytest-cov off"
    if getattr(config.option, "no_cov", False):
        return "--no-cov turns pytest-cov off"
    return ""


def _why_workers_are_not_measured(config: pytest.Config) -> str:
    """Under ``coverage run``, further processes need settings to be measured."""
    workers = getattr(config.option, "dist", "no") != "no"
    module = sys.modules.get("coverage")
    current = getattr(getattr(module, "Coverage", None), "current", None)
    coverage = current() if workers and current is not None else None
    if coverage is None or "COVERAGE_PROCESS_START" in os.environ:
        return ""
    patched: object = getattr(coverage.config, "patch", ())
    if isinstance(patched, (list, tuple)) and "subprocess" in patched:
        return ""
    return "`coverage run` does not measure the workers of pytest-xdist: add pytest-cov"
