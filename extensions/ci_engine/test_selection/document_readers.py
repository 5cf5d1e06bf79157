"""Find readers of files that are not Python: pages, texts, settings.

Evidence: the text of a Python file contains the file's name, suffix or directory, or
the Python file lists all files.
"""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Collection

import msgspec

from ci_engine.test_selection.repository_files import Files, is_below, parent, parents
from ci_engine.test_selection.source_readers import ABOVE, TOP, searching

_FOR_PEOPLE = re.compile(
    r"(?:README|CHANGES|CHANGELOG|HISTORY|NEWS|AUTHORS|CONTRIBUTING|LICEN[SC]E|COPYING"
    r"|NOTICE|INSTALL|TODO)(?:[_-]\w+)?(?:\.(?:md|rst|txt|adoc))?"
)
_DATA = (".json", ".txt", ".csv", ".log", ".db", ".sqlite", ".png", ".jpg", ".gif")
# Calls that list all files of a directory, and expressions for the repository's root.
_LISTING = re.compile(
    rb"os\.f?walk|iterdir|listdir|scandir|make_archive|\.walk\("
    rb"|copytree\([^,\n]*(?:ROOT|cwd\(|parents?\b|[\"']\.[\"'])"
    rb"|glob\((?:[\"'](?:\*\*/)?\*[\"']|[A-Za-z_f])"
)
_TOP = re.compile(rb"__file__|" + TOP)
_ABOVE = re.compile(ABOVE)
# The complete path of a file, in one text or in several.
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
_REQUIREMENTS = (".txt", ".in")
# What a list of requirements includes.
_INCLUDED = re.compile(rb"^[ \t]*-+[rc]\w*[ \t=]*(\S+)", re.MULTILINE)
_SETTINGS = ("pyproject.toml", "setup.cfg", "setup.py")
# The section of pytest in the settings of tox.
_OF_PYTEST = re.compile(rb"^\[pytest\][^\[]*(?:^[^\[\n].*\n?|\n)*", re.MULTILINE)
# Other files at the root that may cause a directory to be built or searched.
_BUILDS = (".ini", ".cmake", "CMakeLists.txt", "meson.build", "Makefile", "noxfile.py")


def is_for_people(name: str) -> bool:
    """Whether a file below code is documentation, judged by the usual names."""
    return _FOR_PEOPLE.fullmatch(name.rpartition("/")[2]) is not None


def readers_of(
    name: str, files: Files, area: list[str], *, closely: bool = False
) -> list[str]:
    """The Python files that may read a file that is not Python.

    Tests, or with ``closely`` all files, count with weaker evidence.
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
    """The texts to look for in a reader.

    Attributes:
        base: the name of the file.
        names: the file's name and its short forms.
        ending: the suffix as a separate part, as in ``*.md`` or ``f"{page}.md"``.
        suffix: the suffix of the name.
        quoted: the name as a quoted text, with or without its suffix.
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
        """Create the patterns to look for."""
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
                # Neither the key of a mapping nor a lookup.
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
        """The tests that may read the file; proximity is not evidence."""
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
        """Code about all files with this suffix, for a file at the root.

        Code that only compares suffixes must also refer to the root, itself or through
        a test that may pass it on.
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
        """The code that may read the file when it runs.

        Code that is not near it, in a package or at the root, has to refer to its path.
        """
        # Few texts contain the name at all, and this check is much faster.
        naming = _naming(self.names, files, code)
        found = frozenset(n for n in naming if self.quoted.search(files.read(n)))
        if self.ending is not None and near:
            found |= files.having(self.ending, code, (self.suffix,))
        if self.path is not None:
            found |= files.having(self.path, code, self.directories)
        return found


def _is_of_other_file(text: bytes, start: int, files: Files) -> bool:
    """Whether the path that starts here is complete, and that of another file.

    Nothing may be appended to it; the changed file's own name is found earlier.
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
    return among & files.containing(*words)


def _compile(pattern: bytes, part: bytes) -> re.Pattern[bytes] | None:
    """Compile the pattern with ``<>`` replaced; never matches without a replacement."""
    if not part:
        return None
    return re.compile(pattern.replace(b"<>", part))


def names_in_settings(name: str, files: Files, runners: Collection[str]) -> str:
    """The build configuration that names another file, if there is one.

    Configuration of tox and nox counts if they are the ``runners`` of the tests.
    """
    if name.rpartition("/")[2] in _SETTINGS:
        # The relevant parts of these were compared already.
        return ""
    word = rb"\bmake\b|Makefile" if name == "Makefile" else re.escape(os.fsencode(name))
    named = re.compile(word)
    locations = (*_SETTINGS, *runners)
    required = name.endswith(_REQUIREMENTS)
    for path in sorted(files.names):
        base = path.rpartition("/")[2]
        text = files.read(path) if base in locations else b""
        if required and path != name and path.endswith(_REQUIREMENTS):
            included = _INCLUDED.findall(files.read(path))
            here = [posixpath.join(parent(path), os.fsdecode(i)) for i in included]
            if name in map(posixpath.normpath, here):
                return path
        if base == "tox.ini" and not text:
            text = b"\n".join(_OF_PYTEST.findall(files.read(path)))
        if text and named.search(text):
            return path
    return ""


def is_apart(name: str, files: Files) -> bool:
    """Whether a file is data at the root, or in a directory without code.

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
    """Whether there is a ``conftest.py`` beside or above a text, below the root."""
    locations = [location for location in parents(name) if location]
    return any(f"{location}/conftest.py" in files.names for location in locations)
