"""Tests that read the sources as texts: every change of a module matters to them.

Evidence: a listing of files, or a program that searches them, beside a sign that it
starts above the tests, or a name of the directories of code.
"""

from __future__ import annotations

import os
import re

from ci_engine.test_selection.import_graph import ImportGraph

_LISTING = re.compile(
    rb"glob\([^)\n]*[\"'/]\*(?:\.py)?[\"']|os\.f?walk|iterdir|listdir|scandir|\.walk\("
    rb"|iter_modules|walk_packages|copytree|compile_dir|glob\([A-Za-z_]"
)
# Programs that look into every file below where they start.
SEARCHING = re.compile(
    rb"ls-files|[\"' ]git[\"', ]+(?:grep|archive|diff|ls-tree)"
    rb"|[\"'](?:e?grep|rg|ag|ack|find|tar|rsync)(?:[\"']| -)"
)
# Where the top of a repository, or what is above a test, is meant.
TOP = (
    rb"rootpath|rootdir|cwd\(|\bROOT\b|Path\(\)|curdir|pardir"
    rb"|(?:Path|walk|glob|listdir|scandir|copytree)\(\s*[\"']\.{1,2}/?[\"']"
)
_ABOVE = (
    rb"parents\[|\.parent\.parent|__path__|\w\.__file__"
    rb"|dirname\(\s*(?:os\.path\.)?dirname|" + TOP
)


def readers_of_sources(graph: ImportGraph) -> list[str]:
    """The tests that list or search the sources."""
    files, tests = graph.files, graph.tests
    found = files.having(SEARCHING, tests)
    found |= files.having(_LISTING, tests) & files.having(_above(graph), tests)
    return sorted(found)


def _above(graph: ImportGraph) -> re.Pattern[bytes]:
    """The places above the tests, and the directories of code by their names."""
    tops = {path.partition("/")[0] for path in graph.files.packages}
    tops |= {p.partition("/")[0] for p in graph.locations if p}
    tops -= {path.partition("/")[0] for path in graph.tests}
    names = b"|".join(re.escape(os.fsencode(name)) for name in sorted(tops))
    named = rb"|[\"'/](?:%s)[\"'/]" % names if names else b""
    return re.compile(_ABOVE + named)
