"""The line of a key, in TOML and in YAML."""

from __future__ import annotations

import pytest

from ci_engine.configuration.key_lines import find_line

TOML = """\
# [tool.x]  a comment
[project]
name = "demo"  # 3
tool.x.late = 1

[ tool . x ]
a = 1
"quoted key" = 2
'single' = 3
b.c.d = 4
list = [
    "one",
    "two",
]
nested = [["a"], ["b"]]
url = "http://x"

[tool.x.sub]  # a comment
a = 5

[[tool.x.many]]
z = 1
"""


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        (("project", "name"), 3),
        (("tool", "x"), 6),
        (("tool", "x", "a"), 7),
        (("tool", "x", "quoted key"), 8),
        (("tool", "x", "single"), 9),
        (("tool", "x", "b", "c", "d"), 10),
        (("tool", "x", "b", "c"), 6),
        (("tool", "x", "list"), 11),
        (("tool", "x", "list", "[1]"), 11),
        (("tool", "x", "url"), 16),
        (("tool", "x", "sub"), 18),
        (("tool", "x", "sub", "a"), 19),
        (("tool", "x", "many", "z"), 22),
        (("tool", "x", "missing"), 6),
        (("nowhere",), 0),
    ],
)
def test_the_line_of_a_key_in_toml(keys: tuple[str, ...], line: int) -> None:
    assert find_line(TOML, keys) == line
    assert find_line(TOML.replace("\n", "\r\n"), keys) == line


YAML = """\
version: 2
on:
  push:
    branches: [main]
jobs:
  build:
    runs-on: x
    steps:
      - uses: a/b@c
        with:
          key: 1
      - run: echo
  test:
    runs-on: y
"""


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        (("version",), 1),
        (("on", "push", "branches"), 4),
        (("jobs", "build", "runs-on"), 7),
        (("jobs", "build", "steps"), 8),
        (("jobs", "build", "steps", "with", "key"), 11),
        (("jobs", "test", "runs-on"), 14),
        (("jobs", "test", "missing"), 13),
        (("nowhere",), 0),
    ],
)
def test_the_line_of_a_key_in_yaml(keys: tuple[str, ...], line: int) -> None:
    assert find_line(YAML, keys) == line
