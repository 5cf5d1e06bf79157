"""Fixtures that pytest plugins use: they run although no test names them.

Evidence: the names of plugins in the files that declare installed packages. A plugin
that is not listed here may use any fixture.
"""

from __future__ import annotations

import re
from fnmatch import fnmatch

from ci_engine.test_selection.repository_files import Files

# Plugins that use no fixtures of a project, except these.
_ASYNCIO = frozenset({"event_loop", "event_loop_policy"})
_KNOWN = frozenset(
    {
        *("pytest-asyncio", "pytest-benchmark", "pytest-clarity", "pytest-codspeed"),
        *("pytest-cov", "pytest-env", "pytest-forked", "pytest-freezer"),
        *("pytest-html", "pytest-instafail", "pytest-json-report", "pytest-memray"),
        *("pytest-metadata", "pytest-mock", "pytest-pretty", "pytest-profiling"),
        *("pytest-random-order", "pytest-randomly", "pytest-repeat"),
        *("pytest-rerunfailures", "pytest-socket", "pytest-split", "pytest-subtests"),
        *("pytest-sugar", "pytest-timeout", "pytest-xdist"),
    }
)
# Fixtures of packages with plugins whose names do not show that.
_BY_OTHERS = re.compile(
    r"anyio_backend\w*|celery_\w+|use_celery_app_trap|_?faker_\w+|jp_\w+|snapshot"
    r"|loop"
)
_NAME = rb"(pytest(?:[-_][a-z][a-z0-9]*)+)"
_REQUIRED = re.compile(rb"(?<![\w./-])" + _NAME + rb"(?![\w./-])", re.IGNORECASE)
# From a lock, only the locked packages count, not their optional dependencies.
_LOCKED = re.compile(
    rb"(?:\bname(?: = \"|: )|/)" + _NAME + rb"(?=\"|-\d|\s)", re.IGNORECASE
)
_NAMING = (
    *("*.toml", "*.lock", "*.cfg", "*.ini", "setup.py", "noxfile.py", "Pipfile"),
    *("*require*", "*constraint*", "*environment*.y*ml", "*conda*.y*ml"),
)


def may_be_used(names: frozenset[str], plugins: frozenset[str]) -> bool:
    """Whether a pytest plugin may use one of some fixtures."""
    if any(_BY_OTHERS.fullmatch(name) for name in names) or not plugins <= _KNOWN:
        return True
    return "pytest-asyncio" in plugins and not names.isdisjoint(_ASYNCIO)


def plugins_of(files: Files) -> frozenset[str]:
    """The plugins in any file that declares installed packages."""
    found: set[bytes] = set()
    for name in files.names:
        directory, _, base = name.rpartition("/")
        location = directory.rpartition("/")[2]
        naming = any(fnmatch(base, pattern) for pattern in _NAMING)
        if naming or location in ("requirements", "workflows"):
            pattern = _LOCKED if "lock" in base else _REQUIRED
            found.update(pattern.findall(files.read(name)))
    return frozenset(word.decode().lower().replace("_", "-") for word in found)
