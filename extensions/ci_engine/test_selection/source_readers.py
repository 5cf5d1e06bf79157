"""Tests that read sources as texts: every change to a module matters to them.

Evidence: a listing of files, or a program that searches them, together with a path
that starts above the tests, or the name of a directory of code.
"""

from __future__ import annotations

import os
import re

from ci_engine.test_selection.import_graph import ImportGraph
from ci_engine.test_selection.repository_files import Files

_LISTING = re.compile(
    rb"glob\([^)\n]*[\"'/]\*(?:\.py)?[\"']|os\.f?walk|iterdir|listdir|scandir|\.walk\("
    rb"|iter_modules|walk_packages|copytree|compile_dir|glob\([A-Za-z_]"
)
_LISTING_WORDS = (b"glob(", b"walk", b"dir", b"iter_modules", b"copytree")
# Programs that search every file below a directory. A pattern that starts with
# a set of characters is searched twice as fast as one with several starts.
_OF_GIT = rb"git[\"', ]+(?:grep|archive|diff|ls-tree)"
_QUOTED = re.compile(
    rb"[\"'](?:" + _OF_GIT + rb"|(?:e?grep|rg|ag|ack|find|tar|rsync)(?:[\"']| -))"
)
_SEARCHERS = (
    *(b"git", b"grep", b"egrep", b"rg", b"ag", b"ack", b"find", b"tar", b"rsync"),
)
_LATER = re.compile(rb"ls-files| " + _OF_GIT)
# Expressions for the root of a repository, or for a directory above a test.
TOP = (
    rb"rootpath|rootdir|cwd\(|\bROOT\b|Path\(\)|curdir|pardir"
    rb"|(?:Path|walk|glob|listdir|scandir|copytree)\(\s*[\"']\.{1,2}/?[\"']"
)
ABOVE = (
    rb"parents\[|\.parent\.parent|__path__|\w\.__file__"
    rb"|dirname\(\s*(?:os\.path\.)?dirname|" + TOP
)


def searching(files: Files, among: frozenset[str]) -> frozenset[str]:
    """The files that run a program which searches every file."""
    likely = frozenset[str]().union(*map(files.index.with_word, _SEARCHERS))
    quoted = files.having(_QUOTED, among & likely)
    return quoted | files.having(_LATER, among, (b"ls-files", b" git"))


def readers_of_sources(graph: ImportGraph) -> list[str]:
    """The tests that list or search the sources."""
    files, tests = graph.files, graph.tests
    found = searching(files, tests)
    listing = files.having(_LISTING, tests, _LISTING_WORDS)
    return sorted(found | files.having(_above(graph), listing))


def _above(graph: ImportGraph) -> re.Pattern[bytes]:
    """Patterns of locations above the tests, and of directories of code by name."""
    tops = {path.partition("/")[0] for path in graph.files.packages}
    tops |= {p.partition("/")[0] for p in graph.locations if p}
    tops -= {path.partition("/")[0] for path in graph.tests}
    names = b"|".join(re.escape(os.fsencode(name)) for name in sorted(tops))
    named = rb"|[\"'/](?:%s)[\"'/]" % names if names else b""
    return re.compile(ABOVE + named)
