"""Source archives that would include the framework's files, and how to exclude them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from ci_engine.configuration.reading import Table
from ci_engine.configuration.tables import dig, items, table
from ci_engine.project.path_patterns import matching
from ci_framework.analysis.readers.documents import strings, text
from ci_framework.analysis.survey import PYPROJECT
from ci_framework.planning.manifest_template import files_taken
from ci_framework.repository import Repository

# Build backends whose source archives contain every tracked file.
_SCM = ("setuptools-scm", "setuptools_scm", "setuptools-git", "setuptools_git")
# setup.cfg and setup.py find packages in all directories of the top with these.
_NAMESPACES = ("find_namespace:", "find_namespace_packages()")
_OWN = "ci-framework"
# Lists of patterns that add files to a source archive, below `tool`, and the key that
# excludes files, empty if listed files cannot be excluded again.
_LISTS = {
    "pdm": (("pdm", "build"), ("includes", "source-includes"), "excludes"),
    "flit_core": (("flit", "sdist"), ("include",), "exclude"),
    "uv_build": (("uv", "build-backend"), ("source-include",), "source-exclude"),
    "poetry": (("poetry",), ("include",), ""),
    "py_build_cmake": (("py-build-cmake", "sdist"), ("include",), "exclude"),
}


class Archives:
    """A repository together with the files to render."""

    def __init__(
        self,
        repository: Repository,
        pyproject: Table,
        files: Sequence[str],
        tops: Sequence[str],
    ) -> None:
        self._repository = repository
        self._pyproject = pyproject
        self._files = files
        self._tops = tops
        self._backend = text(pyproject, "build-system", "build-backend")
        self._tool = table(pyproject, "tool")

    def advice(self) -> Iterator[tuple[str, str]]:
        """The files to edit, each with what to add."""
        backend = self._backend
        if backend.startswith("hatchling"):
            yield from self._hatchling()
        elif backend.startswith("scikit_build_core"):
            yield from self._unless(
                PYPROJECT,
                "[tool.scikit-build]",
                f"sdist.exclude = {json.dumps(self._tops)}",
                strings(self._tool, "scikit-build", "sdist", "exclude"),
            )
        elif backend == "maturin" and "Cargo.toml" in self._repository.tracked:
            rows = f"exclude = {json.dumps(self._tops)}"
            yield from self._unless("Cargo.toml", "[package]", rows, [])
        elif backend == "mesonpy":
            rows = "; ".join(f"{path} export-ignore" for path in self._tops)
            yield from self._unless(".gitattributes", "its lines", rows, [])
        elif self._uses_setuptools():
            yield from self._setuptools()
        elif backend.startswith("whey"):
            yield from self._whey()
        else:
            yield from self._listed()

    def _unless(
        self, path: str, where: str, rows: str, known: list[str]
    ) -> Iterator[tuple[str, str]]:
        if not all(any(top in entry for entry in known) for top in self._tops):
            yield path, f"add to {where}: {rows}"

    def _hatchling(self) -> Iterator[tuple[str, str]]:
        """Everything, unless the settings list the included files."""
        every = table(self._tool, "hatch", "build")
        sdist = table(every, "targets", "sdist")
        chosen = next((t for t in (sdist, every) if _LIMITS & {*t}), None)
        include = strings(chosen, "include") if chosen else ["**"]
        files = [path for path in self._files if _fits(path, include)]
        known = [*strings(sdist, "exclude"), *strings(every, "exclude")]
        if files:
            rows = f"exclude = {json.dumps([f'/{top}' for top in self._tops])}"
            where = "[tool.hatch.build.targets.sdist]"
            yield from self._unless(PYPROJECT, where, rows, known)

    def _uses_setuptools(self) -> bool:
        return "setuptools" in self._backend or self._backend in ("", "pbr.build")

    def _setuptools(self) -> Iterator[tuple[str, str]]:
        """The files that MANIFEST.in includes; initially all files if git decides."""
        manifest = self._read("MANIFEST.in")
        rows = self._manifest_rows(manifest, every=self._asks_git())
        if rows:
            yield "MANIFEST.in", f"add to its end: {'; '.join(rows)}"
        yield from self._namespaces()

    def _whey(self) -> Iterator[tuple[str, str]]:
        """Its list has lines like those of MANIFEST.in, but knows no ``prune``."""
        lines = strings(self._tool, "whey", "additional-files")
        rows = [
            f"recursive-exclude {row.removeprefix('prune ')} *"
            if row.startswith("prune ")
            else row
            for row in self._manifest_rows("\n".join(lines))
        ]
        if rows:
            said = ", ".join(json.dumps(row) for row in rows)
            yield PYPROJECT, f"add to `additional-files` of [tool.whey]: {said}"

    def _manifest_rows(self, manifest: str, *, every: bool = False) -> list[str]:
        """The commands of MANIFEST.in that exclude what it includes."""
        taken = files_taken(manifest, self._files, every=every)
        return [
            f"exclude {path}" if path in self._files else f"prune {path}"
            for path in self._tops
            if any(f"{name}/".startswith(f"{path}/") for name in taken)
        ]

    def _namespaces(self) -> Iterator[tuple[str, str]]:
        """Directories that count as packages, wherever they are found."""
        find = dig(self._tool, "setuptools", "packages", "find")
        own = table(find)
        flat = not {"include"} & {*own} and strings(own, "where") in ([], ["."])
        if isinstance(find, dict) and flat and own.get("namespaces") is not False:
            where = "[tool.setuptools.packages.find]"
            known = strings(own, "exclude")
            if not any(matching(_OWN, [pattern]) for pattern in known):
                yield PYPROJECT, f'add to `exclude` of {where}: "{_OWN}*"'
        for path in ("setup.cfg", "setup.py"):
            content = self._read(path)
            if any(word in content for word in _NAMESPACES) and _OWN not in content:
                yield path, f'add to `exclude` where packages are found: "{_OWN}*"'

    def _asks_git(self) -> bool:
        """Whether setuptools or pbr lets git decide what a source archive contains."""
        requires = strings(self._pyproject, "build-system", "requires")
        asked = any(row.lower().startswith(_SCM) for row in requires)
        calls = self._read("setup.py") + self._read("setup.cfg")
        return asked or any(
            word in calls for word in ("use_scm_version", "pbr=True", *_SCM)
        )

    def _listed(self) -> Iterator[tuple[str, str]]:
        """Backends that only include the package and listed files."""
        for name, (keys, lists, excludes) in _LISTS.items():
            if not self._backend.startswith(name):
                continue
            own = table(self._tool, *keys)
            patterns = [p for key in lists for p in _patterns(own, key)]
            known = strings(own, excludes) if excludes else []
            if not any(_fits(path, patterns) for path in self._files):
                continue
            where = f"[tool.{'.'.join(keys)}]"
            if excludes:
                globs = [
                    top if top in self._files else f"{top}/**" for top in self._tops
                ]
                rows = f"{excludes} = {json.dumps(globs)}"
                yield from self._unless(PYPROJECT, where, rows, known)
            else:
                yield PYPROJECT, f"narrow `{lists[0]}` of {where}, which takes them"

    def _read(self, path: str) -> str:
        return (self._repository.blob(path) or b"").decode("utf-8", "replace")


_LIMITS = {"include", "only-include", "packages"}


def _patterns(settings: Table, key: str) -> Iterator[str]:
    """The patterns in a list, whose entries may be tables with a path."""
    for item in items(settings, key):
        yield item if isinstance(item, str) else text(item, "path")


def _fits(path: str, patterns: Sequence[str]) -> bool:
    """Whether a pattern matches a file or one of its parent directories."""
    parts = path.split("/")
    locations = ["/".join(parts[:count]) for count in range(1, len(parts) + 1)]
    plain = [p.strip("/").removesuffix("/**").removesuffix("/*") for p in patterns]
    return any(p in ("", ".", "*", "**") for p in plain) or any(
        matching(location, [*patterns, *plain]) for location in locations
    )
