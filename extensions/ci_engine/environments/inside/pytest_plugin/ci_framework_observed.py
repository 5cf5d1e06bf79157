"""A pytest plugin that measures calls through the fixture ``benchmark``.

It is loaded for processes that count or are profiled, never for those that are timed.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Generator
from typing import Any, Protocol

import pytest

_METHODS = ("__call__", "pedantic")


class _Fixtures(Protocol):
    """The attributes of pytest's fixture definition that are used here."""

    argname: str


class _Observer(Protocol):
    """Measures the benchmarks of this process."""

    def start(self, name: str) -> None: ...
    def finish(self) -> None: ...
    def observed(self, function: Callable[..., Any]) -> Callable[..., Any]: ...


class Plugin:
    """Wraps the fixture methods that take the measured function."""

    def __init__(self, observer: _Observer) -> None:
        self.observer = observer
        self.wrapped: set[type[Any]] = set()

    @pytest.hookimpl(hookwrapper=True)
    def pytest_fixture_setup(
        self, fixturedef: _Fixtures, request: pytest.FixtureRequest
    ) -> Generator[None, Any, None]:
        """Begin a benchmark once it has its fixture."""
        outcome = yield
        if fixturedef.argname != "benchmark" or outcome.excinfo is not None:
            return
        value: Any = outcome.get_result()
        self._wrap(value.__class__)
        self.observer.start(request.node.nodeid)

    def _wrap(self, kind: type[Any]) -> None:
        if kind in self.wrapped:
            return
        self.wrapped.add(kind)
        for name in _METHODS:
            method = getattr(kind, name, None)
            if method is not None:
                setattr(kind, name, self._with_observed(method))

    def _with_observed(self, method: Callable[..., object]) -> Callable[..., object]:
        def observing(fixture: object, *args: Any, **named: Any) -> object:  # noqa: ANN401
            if args:
                function, *rest = args
                return method(fixture, self.observer.observed(function), *rest, **named)
            named["target"] = self.observer.observed(named["target"])
            return method(fixture, **named)

        return observing

    def pytest_sessionfinish(self) -> None:
        """End the last benchmark."""
        self.observer.finish()


def pytest_configure(config: pytest.Config) -> None:
    """Register the plugin."""
    # The module is beside this file, where type checkers do not find it.
    observer: _Observer = importlib.import_module(
        "ci_framework_counting"
    ).make_observer()
    config.pluginmanager.register(Plugin(observer), "ci-framework-observed")
