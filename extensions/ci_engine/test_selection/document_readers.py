"""Readers of files that are not Python: pages, texts, settings.

Evidence: the text of a Python file names the file, its suffix or its directory, or
lists all files.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection

import msgspec

from ci_engine.test_selection.repository_files import Files, is_below, parents
from ci_engine.test_selection.source_readers import ABOVE, TOP, searching

_FOR_PEOPLE = re.compile(
    r"(?:README|CHANGES|CHANGELOG|HISTORY|NEWS|AUTHORS|CONTRIBUTING|LICEN[SC]E|COPYING"
    r"|NOTICE|INSTALL|TODO)(?:[_-]\w+)?(?:\.(?:md|rst|txt|adoc))?"
)
_DATA = (".json", ".txt", ".csv", ".log", ".db", ".sqlite", ".png", ".jpg", ".gif")
# What lists all files of a directory, and what stands for the top of a repository.
_LISTING = re.compile(
    rb"os\.f?walk|iterdir|listdir|scandir|make_archive|\.walk\("
    rb"|copytree\([^,\n]*(?:ROOT|cwd\(|parents?\b|[\"']\.[\"'])"
    rb"|glob\((?:[\"'](?:\*\*/)?\*[\"']|[A-Za-z_f])"
)
_TOP = re.compile(rb"__file__|" + TOP)
_ABOVE = re.compile(ABOVE)
# The path of a file, in one text or in several, to which nothing is added.
_JOINED = re.compile(rb"[\"']\s*[/,]\s*[\"']")
_WRITTEN_OUT = re.compile(
    rb"[\"'](?:\.{1,2}/)*((?:[\w.-]+(?:/|[\"']\s*[/,]\s*[\"']))*[\w.-]+)[\"']"
    rb"(?!\s*[%+]|[\s)]*\.(?:parent|with_|joinpath|format|replace|rpartition|rsplit))"
)
# Programs and packages that read pages.
_BUILDERS = re.compile(
    rb"(?:import|from)[ \t]+(?:mkdocs|sphinx|properdocs|zensical|docutils|pdoc|sybil"
    rb"|mktestdocs|phmdoctest|pytest_examples|markdown_code_runner)\b|testfile\("
    rb"|[\"' ](?:mkdocs|properdocs|zensical|sphinx-build|pdoc)[\"' ]|sphinx\."
)
# The start of a line that only compares the end of a name.
_COMPARED = rb"(?:endswith\(|\.suffix(?:es)?\b)[^\n]*?[\"']"
_BUILDER_WORDS = (
    *(b"docs", b"sphinx", b"zensical", b"docutils", b"pdoc", b"sybil", b"phmdoctest"),
    *(b"pytest_examples", b"markdown_code_runner", b"testfile("),
)
_LISTING_WORDS = (b"glob(", b"walk", b"dir", b"make_archive", b"copytree")
_MAKES = re.compile(rb"[\"'](?:make|gmake)[\"' ]")
_SETTINGS = ("pyproject.toml", "setup.cfg", "setup.py")
# The section of pytest in the settings of tox.
_OF_PYTEST = re.compile(rb"^\[pytest\][^\[]*(?:^[^\[\n].*\n?|\n)*", re.MULTILINE)
# What else at the top may have a directory built or searched.
_BUILDS = (".ini", ".cmake", "CMakeLists.txt", "meson.build", "Makefile", "noxfile.py")


def is_for_people(name: str) -> bool:
    """Whether a file below code is a text about it, going by the usual names."""
    return _FOR_PEOPLE.fullmatch(name.rpartition("/")[2]) is not None


def readers_of(
    name: str, files: Files, area: list[str], *, closely: bool = False
) -> list[str]:
    """The Python files that seem to read a file, which is none of Python's.

    Tests, or ``closely`` all files, count by weaker evidence.
    """
    signs = _Signs.of(name)
    python = frozenset(files.python)
    tests = python if closely else python.intersection(area)
    beside = name.split("/")[:-1][:1]
    # Code that names the suffix of a module is about all modules.
    near = not beside or is_below(name, files.packages - {""})
    near = near and not name.endswith(".py")
    found = signs.in_tests(files, tests, beside or ["/"])
    if not beside and near:
        found |= signs.at_top(files, tests, python - tests)
    near = near and bool(beside)
    return sorted(found | signs.in_code(files, python - tests, near=near))


class _Signs(msgspec.Struct, frozen=True):
    """What the text of a reader holds.

    Attributes:
        base: the name of the file.
        names: this, and what it may be called in short.
        ending: the end of its name by itself, as in ``*.md`` or ``f"{page}.md"``.
        suffix: the end of its name.
        quoted: the file's name, whole or without its end, as a text.
        directories: the first and the last directory.
        location: the first directory, as a text or as a part of one.
        path: the first or the last directory, as a part of a path.
    """

    base: bytes
    names: list[bytes]
    ending: re.Pattern[bytes] | None
    suffix: bytes
    quoted: re.Pattern[bytes]
    directories: tuple[bytes, ...]
    location: re.Pattern[bytes] | None
    path: re.Pattern[bytes] | None

    @classmethod
    def of(cls, name: str) -> _Signs:
        """Put together what to look for."""
        *directories, base = os.fsencode(name).split(b"/")
        stem, dot, suffix = base.rpartition(b".")
        ending = re.escape(dot + suffix) if stem and dot else b""
        names = [base, *([stem] if stem and is_for_people(name) else [])]
        ends = tuple(sorted({*directories[:1], *directories[-1:]}))
        return cls(
            base=base,
            names=names,
            ending=_compile(rb"(?:[\"'}*]|%s)<>[\"']", ending),
            suffix=dot + suffix,
            quoted=re.compile(
                rb"[\"'/](?:" + rb"|".join(map(re.escape, names)) + rb")[\"']"
            ),
            directories=ends,
            location=_compile(
                # Neither the key of a mapping nor a lookup in one.
                rb"(?<![\w)\]]\[)(?<!get\()[\"'/](?:\.{1,2}/)*<>(?:/|[\"'](?!\s*:))",
                b"|".join(re.escape(part) for part in directories[:1]),
            ),
            path=_compile(
                rb"/\s*[\"'](?:<>)[\"'/]|[\"'](?:<>)[\"']\s*/|[\"'](?:\.{1,2}/)*(?:<>)/"
                rb"|(?:join|joinpath|Path|files|Loader|copytree|open)"
                rb"\([^()\n]*[\"'](?:<>)[\"']",
                b"|".join(map(re.escape, ends)),
            ),
        )

    def in_tests(
        self, files: Files, tests: frozenset[str], beside: list[str]
    ) -> frozenset[str]:
        """The tests that seem to read the file; being near it is no evidence."""
        found = _naming([self.base], files, tests)
        found |= files.having(_BUILDERS, tests, _BUILDER_WORDS)
        if self.base == b"Makefile":
            found |= files.having(_MAKES, tests)
        if self.ending is not None:
            found |= files.having(self.ending, tests, (self.suffix,))
        listing = files.having(_LISTING, tests, _LISTING_WORDS)
        found |= files.having(_TOP, listing) | searching(files, tests)
        if self.location is not None:
            named = files.having(self.location, tests - found, self.directories)
            found |= {
                test
                for test in named
                if not is_below(test, beside) and self._may_lead_to(files, test)
            }
        return found

    def _may_lead_to(self, files: Files, test: str) -> bool:
        """Whether a test names the directory other than in paths of other files."""
        text = files.read(test)
        return self.location is not None and not all(
            _is_of_other_file(text, match.start(), files)
            for match in self.location.finditer(text)
        )

    def at_top(
        self, files: Files, tests: frozenset[str], code: frozenset[str]
    ) -> frozenset[str]:
        """Code that is about all files with this end, for a file at the top.

        What only compares the ends of names needs a way to the top: its own, or a test
        that may hand it over.
        """
        if self.ending is None:
            return frozenset()
        found = files.having(self.ending, code, (self.suffix,))
        compared = re.compile(_COMPARED + re.escape(self.suffix) + rb"[\"']")
        naming = (
            n for n in found if self.ending.search(compared.sub(b"", files.read(n)))
        )
        reading = files.having(_TOP, found).union(naming)
        handing = files.having(_ABOVE, tests) if found - reading else frozenset[str]()
        return reading | handing

    def in_code(
        self, files: Files, code: frozenset[str], *, near: bool
    ) -> frozenset[str]:
        """The code that seems to read the file when it runs.

        What is not near it, in a package or at the top, needs the way to it.
        """
        # Few texts have the name at all: that check is far quicker.
        naming = _naming(self.names, files, code)
        found = frozenset(n for n in naming if self.quoted.search(files.read(n)))
        if self.ending is not None and near:
            found |= files.having(self.ending, code, (self.suffix,))
        if self.path is not None:
            found |= files.having(self.path, code, self.directories)
        return found


def _is_of_other_file(text: bytes, start: int, files: Files) -> bool:
    """Whether the path that starts here is written out, and is that of a file.

    Nothing may be added to it; what names the very file that changed is found before.
    """
    found = _WRITTEN_OUT.match(text, start)
    if found is None or text[:start].rstrip(b" \t\n(").endswith(b"dirname"):
        return False
    path = ""
    for part in _JOINED.split(found.group(1)):
        path = f"{path}/{os.fsdecode(part)}".lstrip("/")
        if path in files.names:
            return True
    return False


def _naming(words: list[bytes], files: Files, among: frozenset[str]) -> frozenset[str]:
    return frozenset(
        name for name in among if any(word in files.read(name) for word in words)
    )


def _compile(pattern: bytes, part: bytes) -> re.Pattern[bytes] | None:
    """The pattern with a part where it has ``<>``, nothing without a part."""
    if not part:
        return None
    return re.compile(pattern.replace(b"<>", part))


def names_in_settings(name: str, files: Files, runners: Collection[str]) -> str:
    """The file that says how to build the project and names another, if one does.

    What tox and nox name matters where they are the ``runners`` of the tests.
    """
    if name.rpartition("/")[2] in _SETTINGS:
        # What matters of these was compared already.
        return ""
    word = rb"\bmake\b|Makefile" if name == "Makefile" else re.escape(os.fsencode(name))
    named = re.compile(word)
    locations = (*_SETTINGS, *runners)
    for path in sorted(files.names):
        base = path.rpartition("/")[2]
        text = files.read(path) if base in locations else b""
        if base == "tox.ini" and not text:
            text = b"\n".join(_OF_PYTEST.findall(files.read(path)))
        if text and named.search(text):
            return path
    return ""


def is_apart(name: str, files: Files) -> bool:
    """Whether a file is data at the top, or in a directory without code.

    It is not if a file of the build names it or its directory.
    """
    top, slash, _ = name.partition("/")
    if top in files.with_code or not (slash or top.endswith(_DATA)):
        return False
    named = re.compile(
        rb"(?<![\w.-])" + re.escape(os.fsencode(top)) + rb"(?:/|[\"']|\s|$)"
    )
    builds = [
        path
        for path in files.names
        if "/" not in path and path.endswith((*_SETTINGS, *_BUILDS))
    ]
    return not any(named.search(files.read(path)) for path in builds)


def has_own_tests(name: str, files: Files) -> bool:
    """Whether a ``conftest.py`` stands beside a text or above it, below the top."""
    locations = [location for location in parents(name) if location]
    return any(f"{location}/conftest.py" in files.names for location in locations)
