"""A pytest plugin that makes short, comparable runs of benchmarks.

It runs in the project's environment, and overrides the project's settings
for the duration of benchmarks and whether they run at all.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

_SELECTION_VARIABLE = "CI_ENGINE_BENCHMARK_SELECTION"
_SECONDS_VARIABLE = "CI_ENGINE_BENCHMARK_SECONDS"
_ROUNDS_VARIABLE = "CI_ENGINE_BENCHMARK_ROUNDS"


def _overrides() -> dict[str, object]:
    """The options that control what is measured; only known ones are set."""
    seconds = float(os.environ[_SECONDS_VARIABLE])
    return {
        "maxfail": 0,
        "no_cov": True,
        "dist": "no",
        "numprocesses": 0,
        "randomly_reorganize": False,
        "randomly_seed": 1,
        "benchmark_only": True,
        "benchmark_skip": False,
        "benchmark_disable": False,
        "benchmark_enable": True,
        "benchmark_disable_gc": True,
        "benchmark_max_time": str(seconds),
        "benchmark_min_rounds": int(os.environ[_ROUNDS_VARIABLE]),
        "benchmark_warmup": False,
        "benchmark_compare": None,
        "benchmark_compare_fail": None,
        "benchmark_save": None,
        "benchmark_autosave": None,
        "benchmark_histogram": None,
        "codspeed_warmup_time": seconds / 10,
        "codspeed_max_time": seconds,
    }


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Keep pytest-cov from starting, because it slows the code down."""
    early_config.known_args_namespace.no_cov = True
    early_config.known_args_namespace.cov_source = []


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Set the options before the benchmark plugins read them."""
    for name, value in _overrides().items():
        if hasattr(config.option, name):
            setattr(config.option, name, value)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Keep the selected benchmarks; without a selection, all of them."""
    file = os.environ.get(_SELECTION_VARIABLE, "")
    if not file:
        return
    # pytest-codspeed names them relative to the root of the repository.
    names = tuple(json.loads(Path(file).read_text(encoding="utf-8")))
    kept = [item for item in items if _is_selected(item.nodeid, names)]
    left_out = [item for item in items if not _is_selected(item.nodeid, names)]
    items[:] = kept
    config.hook.pytest_deselected(items=left_out)


def _is_selected(nodeid: str, names: tuple[str, ...]) -> bool:
    return any(name == nodeid or name.endswith(f"/{nodeid}") for name in names)


@pytest.hookimpl(tryfirst=True, optionalhook=True)
def pytest_benchmark_generate_machine_info() -> dict[str, str]:
    """Skip details that take seconds to find; the engine describes the machine."""
    return {"by": "ci-framework"}


@pytest.hookimpl(tryfirst=True, optionalhook=True)
def pytest_benchmark_generate_commit_info() -> dict[str, str]:
    """Skip details that the engine knows."""
    return {"by": "ci-framework"}
