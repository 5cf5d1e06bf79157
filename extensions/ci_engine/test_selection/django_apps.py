"""Files that Django loads by convention: settings, and the parts of installed apps."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property

from ci_engine.test_selection.module_names import Modules
from ci_engine.test_selection.repository_files import parent

_APPS = b"INSTALLED_APPS"
_NAMING = (".py", ".toml", ".cfg", ".ini", ".env", "Makefile")
_SETTINGS = re.compile(
    rb"(?:DJANGO_SETTINGS_MODULE[\"'\]]*\s*[,=:]\s*[\"']?|--ds[ =][\"']?)"
    rb"([A-Za-z_][\w.]*)"
)
_TEXT = re.compile(rb"[\"']([A-Za-z_][\w.]*)[\"']")
_DJANGO = re.compile(rb"\b(?:django|rest_framework|wagtail)\b")
# Fixtures of pytest-django that tests request.
_FIXTURES = re.compile(
    rb"def \w+\([^)]*\b(?:(?:async_)?(?:admin_)?client|(?:transactional_)?db|a?rf"
    rb"|settings|live_server|mailoutbox|django_\w+|admin_user|api_client)\b"
)
# Modules and packages of an app that Django, or its extensions, import themselves.
_PARTS = (
    *("apps", "models", "admin", "checks", "signals", "receivers", "handlers"),
    *("translation", "templatetags", "migrations", "tasks", "sitemaps", "jinja2"),
    *("wagtail_hooks", "search_indexes", "cms_plugins", "autodiscover", "rules"),
)
_COMMANDS = "management/commands/"


class DjangoApps:
    """Finds the files of a Django project that are needed without an import."""

    def __init__(self, modules: Modules) -> None:
        self.modules = modules
        self.files = modules.files

    def of(self, path: str, text: bytes) -> set[str]:
        """The settings for files that use Django, and the apps that files list."""
        found: set[str] = set()
        if self._settings and (_DJANGO.search(text) or _FIXTURES.search(text)):
            found |= self._settings
        if path in self.files.containing(_APPS):
            found.update(self._installed(path, text))
        if self._commands:
            names = {raw.decode() for raw in _TEXT.findall(text)}
            for name in names & self._commands.keys():
                found.update(self._commands[name])
        found.discard(path)
        return found

    @cached_property
    def _settings(self) -> frozenset[str]:
        """The settings modules that any file names."""
        found: set[str] = set()
        python = self.files.containing(b"DJANGO_SETTINGS", b"--ds")
        for path in self.files.names:
            if path.endswith(_NAMING) and (path in python or not path.endswith(".py")):
                for raw in _SETTINGS.findall(self.files.read(path)):
                    found.update(self.modules.exact(raw.decode(), path))
        return frozenset(found)

    @cached_property
    def _commands(self) -> dict[str, list[str]]:
        """The commands that ``call_command`` and ``manage.py`` start by name."""
        found: dict[str, list[str]] = {}
        for path in self.files.python:
            stem = path.rpartition("/")[2].removesuffix(".py")
            if f"/{_COMMANDS}" in f"/{path}" and not stem.startswith("_"):
                found.setdefault(stem, []).append(path)
        return found

    def _installed(self, path: str, text: bytes) -> Iterator[str]:
        """The parts of the apps that a file names."""
        for raw in set(_TEXT.findall(text)):
            for module in self.modules.resolve(raw.decode(), path):
                location = parent(module)
                if location in self.files.packages:
                    yield from self._parts(location)

    def _parts(self, app: str) -> Iterator[str]:
        for module in self.modules.below(app):
            inner = module.removeprefix(f"{app}/")
            if inner.partition("/")[0].removesuffix(".py") in {"__init__", *_PARTS}:
                yield module
