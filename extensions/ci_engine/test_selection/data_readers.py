"""Find readers of undeclared data files below code or tests.

Evidence: the text of a reader contains the file's name, suffix or directory. Plugins
that find data by the names of tests need no such text.
"""

from __future__ import annotations

import os
import re

from ci_engine.test_selection.repository_files import Files, parent, parents

# Fixtures that find data themselves, and calls that read data beside a module.
_PLUGINS = re.compile(
    rb"def \w+\([^)]*\b(?:\w*datadir|snapshot\w*|\w+_regression|vcr\w*|golden)\b"
    rb"|use_cassette|mark\.vcr|request\.(?:path|fspath|node|module)|doctest|testfile"
)
_BESIDE = re.compile(
    rb"__file__|resources|get_data|__package__|PackageLoader|resource_"
    rb"|__path__|__spec__"
)


# Templates, which other templates include and loaders find by computed names.
_TEMPLATE_ENDS = (".html", ".htm", ".j2", ".jinja", ".jinja2", ".mako", ".tmpl", ".tpl")
_TEMPLATE_LOADERS = re.compile(
    rb"\w+Loader\(|(?:get|select)_template|render_to_string|render_template|\brender\("
    rb"|TemplateResponse|TemplateLookup|template_name|Jinja2Templates|TemplateView"
)
# Names of files or directories with the data of one test file.
_SNAPSHOTS = ("__snapshots__", "snapshots", "cassettes", "__image_snapshots__")


def readers_of_data(name: str, files: Files, area: list[str]) -> list[str] | None:
    """The Python files that may read a data file, None if a plugin may read it."""
    test = _test_of(name, files)
    if test:
        return [test]
    top = name.partition("/")[0]
    beside = [path for path in area if path.partition("/")[0] == top]
    if any(_PLUGINS.search(files.read(path)) for path in beside):
        return None
    location = parent(name)
    inner = [d for d in parents(location)[:-2] if d not in files.packages]
    signs = _signs(name, [directory.rpartition("/")[2] for directory in inner])
    # Code gets the data of tests from a test, which this search finds.
    exact = re.compile(
        rb"[\"'/]%s[\"']" % re.escape(os.fsencode(name.rpartition("/")[2]))
    )
    tests = frozenset(area)
    return [
        path
        for path in files.python
        if (exact if beside and path not in tests else signs).search(files.read(path))
        or (parent(path) == location and _BESIDE.search(files.read(path)))
        or (_is_template(name) and _TEMPLATE_LOADERS.search(files.read(path)))
    ]


def _test_of(name: str, files: Files) -> str:
    """The test file that a snapshot belongs to, empty if its path does not show it."""
    *directories, base = name.split("/")
    for depth, directory in enumerate(directories):
        if directory in _SNAPSHOTS:
            inner = [*directories[depth + 1 :], base.partition(".")[0]]
            test = "/".join([*directories[:depth], f"{inner[0]}.py"])
            if test in files.names:
                return test
    return ""


def _is_template(name: str) -> bool:
    parts = name.split("/")[:-1]
    return name.endswith(_TEMPLATE_ENDS) or "templates" in parts or "jinja2" in parts


def _signs(name: str, locations: list[str]) -> re.Pattern[bytes]:
    """The texts that refer to a file: an end of its name, or its directory."""
    *directories, base = os.fsencode(name).split(b"/")
    stem, dot, suffix = base.rpartition(b".")
    end = re.escape(dot + suffix) if stem and dot else b""
    last = re.escape(directories[-1])
    signs = [
        # "words.json", also joined from parts, or without its suffix.
        rb"[\"'/](?:%s)[\"'/.]" % b"|".join(map(re.escape, {base, stem or base})),
        # The last directory may also be part of a package name.
        rb"[\"'/.]%s[\"'/.]" % last,
        *(rb"[\"'/]%s[\"'/]" % re.escape(os.fsencode(part)) for part in locations),
    ]
    if end:
        tails = [re.escape(stem[start:]) for start in range(len(stem) + 1)]
        signs.append(rb"[\"'}*/](?:%s)%s[\"']" % (b"|".join(tails), end))
        signs.append(rb"%%s(?:%s)%s[\"']" % (b"|".join(tails), end))
    return re.compile(b"|".join(signs))
