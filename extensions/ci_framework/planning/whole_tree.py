"""Find tools that examine every file of a repository, and exclude our files."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping

import msgspec

from ci_engine.configuration.reading import Table
from ci_engine.configuration.tables import table
from ci_framework.analysis.readers.documents import strings
from ci_framework.analysis.survey import PYPROJECT
from ci_framework.inventory import Evidence, Inventory
from ci_framework.planning.archives import Archives
from ci_framework.planning.file_answers import OF_EVERY_TOML
from ci_framework.planning.files import SETTINGS_FILE
from ci_framework.planning.hook_answers import HOOKS_FILE
from ci_framework.planning.plan import Operation
from ci_framework.planning.tool_calls import calls, runs
from ci_framework.repository import Repository

_OWN = "ci-framework"
_ACTIONS = ".github/actions"
_YAML = (".yml", ".yaml")
_REUSE = ("REUSE.toml", ".reuse/dep5")
_YAMLLINT = (".yamllint", ".yamllint.yaml", ".yamllint.yml")
# Locations of check-manifest's settings, other than pyproject.toml.
_INI = ("setup.cfg", "tox.ini")
# Tools that format or check files by a project's rules: how to exclude files.
_FORMATTERS = {
    "prettier": (".prettierignore", "add the lines "),
    "shfmt": (".editorconfig", "add a section with `ignore = true` for "),
}
_WITHOUT_FILE = (
    *("addlicense", "bashate", "beautysh", "biome", "cspell", "dprint"),
    *("editorconfig-checker", "licenseheaders", "yamlfix", "yamlfmt"),
)
# Hooks that no comment in a file turns off.
_REWRITING = (
    *("addlicense", "bashate", "beautysh", "biome", "cspell", "editorconfig-checker"),
    *("insert-license", "licenseheaders", "prettier", "pretty-format", "shfmt"),
    *("yamlfix", "yamlfmt"),
)
_REWRITING_PYTHON = ("double-quote-string", "reorder-python-imports")
_MANIFEST_SECTION = "[check-manifest]"


def whole_tree(
    repository: Repository, inventory: Inventory, rendered: Mapping[str, object]
) -> list[Operation]:
    """Manual steps that exclude the framework's files from such tools."""
    looks = _Looks(repository, inventory, rendered)
    return [*looks.archives(), *looks.linters()]


class _Looks:
    """A repository together with the files to render."""

    def __init__(
        self,
        repository: Repository,
        inventory: Inventory,
        rendered: Mapping[str, object],
    ) -> None:
        self._repository = repository
        self._inventory = inventory
        self._files = sorted(path for path in rendered if path not in self._shared())
        self._tops = sorted({self._top(path) for path in self._files})
        self._pyproject: Table
        try:
            content = repository.read(PYPROJECT) or b""
            self._pyproject = msgspec.toml.decode(content, type=Table)
        except (msgspec.DecodeError, UnicodeDecodeError):
            self._pyproject = {}

    def _shared(self) -> set[str]:
        """Files that the project already has: tools may already examine them."""
        return {PYPROJECT, *self._repository.tracked}

    def _top(self, path: str) -> str:
        """The outermost directory with only our files, or the file itself."""
        if path.startswith(f"{_OWN}/"):
            return _OWN
        if path.startswith(f"{_ACTIONS}/"):
            tracked = self._repository.tracked
            own = any(name.startswith(f"{_ACTIONS}/") for name in tracked)
            return path if own else _ACTIONS
        return path

    def _globs(self) -> list[str]:
        """The paths, with one pattern for each directory with only our files."""
        tops = {self._top(path): path for path in self._files}
        return [path if path == top else f"{top}/**" for top, path in tops.items()]

    def archives(self) -> Iterator[Operation]:
        """Source archives that would include our files, and how to exclude them."""
        archives = Archives(self._repository, self._pyproject, self._files, self._tops)
        for path, advice in archives.advice():
            reason = (
                f"its source archives would contain the framework's files: {advice}"
            )
            yield _by_hand(path, reason)

    def linters(self) -> Iterator[Operation]:
        """Checks that read every file of a kind, and how to exclude our files."""
        yield from self._yamllint()
        yield from self._reuse()
        yield from self._check_manifest()
        yield from self._formatters()
        yield from self._hooks()

    def _formatters(self) -> Iterator[Operation]:
        """Tools whose formatting differs from that of our files."""
        for tool, (path, advice) in _FORMATTERS.items():
            known = self._text(path).split()
            missing = [
                f"{top}/" if top not in self._files else top for top in self._tops
            ]
            missing = [row for row in missing if row not in known]
            if missing and self._calls(tool):
                yield _by_hand(path, f"{tool}: {advice}{', '.join(missing)}")
        yield from self._settings_files()
        for tool in _WITHOUT_FILE:
            if self._calls(tool):
                names = ", ".join(self._globs())
                advice = "exclude in its settings or its command"
                yield _by_hand(PYPROJECT, f"{tool}: {advice}: {names}")

    def _settings_files(self) -> Iterator[Operation]:
        """Formatters of every TOML file, which would rewrite our settings."""
        if SETTINGS_FILE in self._files:
            for tool in OF_EVERY_TOML:
                if self._calls(tool):
                    advice = f"exclude in its settings or its command: {SETTINGS_FILE}"
                    yield _by_hand(PYPROJECT, f"{tool}: {advice}")

    def _hooks(self) -> Iterator[Operation]:
        """Individual hooks that would rewrite our files."""
        ids = {hook.id for hook in self._inventory.hooks}
        python = any(path.endswith(".py") for path in self._files)
        toml = OF_EVERY_TOML if SETTINGS_FILE in self._files else ()
        starts = (*_REWRITING, *toml, *(_REWRITING_PYTHON if python else ()))
        found = sorted(name for name in ids if name.startswith(starts))
        if found and not re.search(r"exclude:.*ci-framework", self._text(HOOKS_FILE)):
            ends = [
                f"{top}$" if top in self._files else f"{top}/" for top in self._tops
            ]
            pattern = "|".join(end.replace(".", r"\.") for end in ends)
            advice = f"add `exclude: ^({pattern})` to {', '.join(found)}"
            reason = f"hooks that would change the framework's files: {advice}"
            yield _by_hand(HOOKS_FILE, reason)

    def _check_manifest(self) -> Iterator[Operation]:
        """The setting `ignore`, in the file with its settings or for them."""
        if not self._runs("check-manifest"):
            return
        tracked = self._repository.tracked
        own = table(self._pyproject, "tool", "check-manifest")
        texts = {path: self._text(path) for path in _INI if path in tracked}
        there = [path for path, text in texts.items() if _MANIFEST_SECTION in text]
        if own or not texts or (PYPROJECT in tracked and not there):
            if not {*self._globs()} <= {*strings(own, "ignore")}:
                ignore = json.dumps(self._globs())
                advice = f"check-manifest: add to `ignore` of its settings: {ignore}"
                yield _by_hand(PYPROJECT, advice)
            return
        path = next(iter([*there, *texts]))
        missing = [name for name in self._globs() if name not in texts[path]]
        if missing:
            advice = f"add to `ignore` in {_MANIFEST_SECTION}: {' '.join(missing)}"
            yield _by_hand(path, f"check-manifest: {advice}")

    def _text(self, path: str) -> str:
        return (self._repository.blob(path) or b"").decode("utf-8", "replace")

    def _yamllint(self) -> Iterator[Operation]:
        tracked = self._repository.tracked
        own = next((name for name in _YAMLLINT if name in tracked), "")
        known = (self._repository.blob(own) or b"").decode("utf-8", "replace")
        names = [path for path in self._files if path.endswith(_YAML)]
        missing = [name for name in names if name not in known]
        if missing and (own or self._runs("yamllint")):
            advice = f"yamllint: add to `ignore`: {', '.join(missing)}"
            yield _by_hand(own or _YAMLLINT[1], advice)

    def _reuse(self) -> Iterator[Operation]:
        tracked = self._repository.tracked
        own = next((name for name in _REUSE if name in tracked), "")
        if own or self._runs("reuse"):
            block = (
                f"[[annotations]] path = {json.dumps(self._globs())}, "
                'precedence = "override", SPDX-FileCopyrightText = "ci-framework", '
                'SPDX-License-Identifier = "MIT"'
            )
            yield _by_hand(own or _REUSE[0], f"reuse: add the table {block}")

    def _runs(self, tool: str) -> bool:
        return runs(self._repository, self._inventory, tool)

    def _calls(self, tool: str) -> bool:
        return calls(self._repository, self._inventory, tool)


def _by_hand(path: str, reason: str) -> Operation:
    evidence = [Evidence(path=path)]
    return Operation(
        kind="manual", path=path, reason=reason, risk="medium", evidence=evidence
    )
