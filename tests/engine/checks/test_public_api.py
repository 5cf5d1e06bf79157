"""Breakages of the public API, and announcements."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.projects import (
    DemoProject,
    Location,
    Run,
    assert_green,
    assert_not_run,
    git,
    install_tool,
)

pytestmark = pytest.mark.heavy
BUILD = """
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[tool.ci-framework.api]
library = true

[tool.ci-framework.checks.api]
blocking = true
"""
INIT = '''\
"""A library."""

from demo._core import Client, gone, run
from demo.shapes import *
from typing import TypeVar

Number = TypeVar("Number")
__version__ = "1.4.0"


def double(number: int) -> int:
    """Return twice the number."""
    return 2 * number
'''
CORE = '''\
"""What the library does."""

import os
import warnings

raise SystemExit("nothing of a change is imported")


class Base:
    """A base."""

    def shared(self) -> None:
        """Do it."""


class Client(Base):
    """Talks to a server."""

    __slots__ = ("url",)

    def __init__(self, url: str, retries: int = 3) -> None:
        self.url = url

    def __repr__(self) -> str:
        return "Client"

    def send(self, data: bytes, *, flags: int = 0) -> int:
        return 0

    def close(self) -> None:
        return None

    @property
    def name(self) -> str:
        return os.name

    def _hidden(self) -> None:
        return None


def run(
    first: int, second: int = 1, third: int = 2, timeout: float | None = None
) -> int:
    """Run."""
    if timeout is not None:
        warnings.warn("timeout is not used any more", DeprecationWarning)
    return first


def gone() -> None:
    """Go."""


def _private(number: int) -> int:
    return number
'''
SHAPES = '''\
"""Shapes."""

from typing import NamedTuple

__all__ = ["Point", "area", "fetch", "old"]


class Point(NamedTuple):
    """A point."""

    x: int
    y: int


def area(size: int, scale: int = 1) -> int:
    """Measure."""
    return size * scale


async def fetch(url: str) -> str:
    """Fetch."""
    return url


def old() -> None:
    """Do it the old way.

    .. deprecated:: 1.2
       Use area.
    """


def helper() -> None:
    """Help, but only here."""
'''
BROKEN_CORE = '''\
"""What the library does."""

import warnings

raise SystemExit("nothing of a change is imported")


class Base:
    """A base."""


class Client:
    """Talks to a server."""

    def __init__(self, url: str, retries: int = 4, *, port: int) -> None:
        self.url = url

    def send(self, data: bytes, flags: int) -> int:
        return 0

    def name(self) -> str:
        return ""


def run(second: int = 1, *, first: int, third: int = 2):
    """Run."""
    return first
'''
BROKEN_SHAPES = '''\
"""Shapes."""

__all__ = ["Point", "area", "fetch"]


def Point(x: int, y: int) -> int:
    """A point."""
    return x + y


def area(size: int, /, scale: int = 1) -> int:
    """Measure."""
    return size * scale


def fetch(url: str) -> str:
    """Fetch."""
    return url
'''
# Each row is a breakage: its rule, its object, and the reported line.
FAULTS = """\
class-removed-base demo.Client 12
parameter-changed-default demo.Client.__init__: the default of the parameter retries 15
parameter-added-required demo.Client.__init__: the new parameter port 15
parameter-changed-required demo.Client.send: the parameter flags 18
object-removed demo.Client.close 12
object-removed demo.Client.shared 12
object-changed-kind demo.Client.name 21
parameter-moved demo.run: the parameter second 25
parameter-changed-kind demo.run: the parameter first 25
return-changed-type demo.run 25
object-changed-kind demo.Point 6
parameter-changed-kind demo.area: the parameter size 11
async-changed demo.fetch 16
object-removed demo.gone 1
object-removed demo.extra 1
"""


@pytest.fixture
def library(project: DemoProject) -> DemoProject:
    """A library with a history, whose code must never be imported."""
    install_tool(project, "griffelib")
    project.configure(BUILD)
    project.replace("pyproject.toml", 'version = "1.0"', 'version = "1.4.0"')
    project.write("src/demo/__init__.py", INIT)
    project.write("src/demo/_core.py", CORE)
    project.write("src/demo/shapes.py", SHAPES)
    project.write("src/demo/extra.py", '"""More."""\n')
    project.git_init()
    git(project.root, "tag", "v1.4.0")
    return project


def gate(project: DemoProject, *more: str, **variables: str) -> Run:
    words = ("--tier", "full", "--since", "HEAD", *more)
    return project.gate("api", *words, variables=variables)


def gate_of(project: DemoProject, package: str) -> Run:
    """The gate of one package, which has reports of its own."""
    run = gate(project, "--package", package)
    return replace(run, reports=run.reports / package)


def break_it(project: DemoProject) -> None:
    """One removal, which is red by itself."""
    project.replace("src/demo/_core.py", "def gone(", "def went(")
    project.replace("src/demo/__init__.py", "Client, gone, run", "Client, run")


def test_every_kind_of_breakage_is_found_where_it_is(library: DemoProject) -> None:
    break_it(library)
    library.write("src/demo/_core.py", BROKEN_CORE)
    library.write("src/demo/shapes.py", BROKEN_SHAPES)
    (library.root / "src/demo/extra.py").unlink()
    run = gate(library)
    assert run.code == 1, str(run)
    found = run.findings("api")
    told = [f"{each['rule']} {each['message']}" for each in found]
    for fault in FAULTS.splitlines():
        what, _, line = fault.rpartition(" ")
        matching = [f for f, text in zip(found, told, strict=True) if what in text]
        assert matching, f"{fault}\n" + "\n".join(told)
        assert matching[0]["line"] == int(line), (fault, matching)
        # Two were deprecated before, which announces them.
        assert matching[0]["severity"] == "error"
    deprecated = [each for each in found if "it was deprecated" in each["message"]]
    assert {each["severity"] for each in deprecated} == {"warning"}
    names = sorted(each["message"].partition(" ")[0] for each in deprecated)
    assert names == ["demo.old", "demo.run:"]
    # Each once, by the name that users know; what is private is not reported.
    assert len(set(told)) == len(told)
    assert not [text for text in told if "_core." in text.partition("(")[0]]
    assert "(it was in src/demo/_core.py:30)" in run.summary
    assert "1.4.0" not in "".join(run.check("api")["notes"])


def test_its_twin_that_breaks_nothing_is_green(library: DemoProject) -> None:
    core, shapes = "src/demo/_core.py", "src/demo/shapes.py"
    library.replace(
        core, '    def __repr__(self) -> str:\n        return "Client"\n', ""
    )
    library.replace(core, '    __slots__ = ("url",)\n', "")
    library.replace(core, "def _hidden", "def _other")
    library.replace(core, "def _private(number: int)", "def _private()")
    # A method may move to a base, and a function to another module.
    close = "    def close(self) -> None:\n        return None\n"
    library.replace(core, close, "")
    library.replace(core, '        """Do it."""\n', f'        """Do it."""\n\n{close}')
    library.replace(core, 'def gone() -> None:\n    """Go."""\n', "")
    library.write("src/demo/_other.py", 'def gone() -> None:\n    """Go."""\n')
    text = "from demo._core import Client, run\nfrom demo._other import gone"
    library.replace(
        "src/demo/__init__.py", "from demo._core import Client, gone, run", text
    )
    library.replace(core, "flags: int = 0)", "flags: int = 0, more: int = 1)")
    library.replace(
        shapes, 'def helper() -> None:\n    """Help, but only here."""\n', ""
    )
    library.replace(shapes, "scale: int = 1)", "scale: int = 1, *rest: int)")
    library.write("src/demo/tests/__init__.py", "")
    library.replace("src/demo/__init__.py", 'Number = TypeVar("Number")\n', "")
    run = gate(library)
    assert_green(run)
    assert run.check("api")["status"] == "passed"
    assert run.findings("api") == []
    assert run.check("api")["tool"].startswith("griffe ")


def test_a_version_a_label_or_a_setting_announces_it(
    library: DemoProject, tmp_path: Path
) -> None:
    break_it(library)
    library.replace("pyproject.toml", '"1.4.0"', '"1.5.0"')
    run = gate(library)
    assert run.code == 1
    assert run.locations("api") == [Location("src/demo/__init__.py", 1)]
    library.replace("pyproject.toml", '"1.5.0"', '"2.0.0"')
    run = gate(library)
    assert_green(run)
    assert "announced: the version goes from 1.4.0 to 2.0.0" in run.summary
    assert [each["severity"] for each in run.findings("api")] == ["warning"]
    library.replace("pyproject.toml", '"2.0.0"', '"1.4.0"')
    library.configure("[tool.ci-framework.api.answers]\nlibrary = true\n")
    library.replace(
        "pyproject.toml", "library = true\n\n", 'announced = ["demo.g*"]\n\n'
    )
    run = gate(library)
    assert_green(run)
    assert "announced by tool.ci-framework.api.announced" in run.summary
    library.replace("pyproject.toml", 'announced = ["demo.g*"]\n', "")
    base = git(library.root, "rev-parse", "HEAD").strip()
    git(library.root, "commit", "--quiet", "--all", "--message", "feat!: drop gone")
    payload = tmp_path / "event.json"
    event = {"number": 1, "base": {"sha": base}, "labels": [{"name": "Breaking"}]}
    payload.write_text(json.dumps({"pull_request": event}), encoding="utf-8")
    variables = {
        "GITHUB_ACTIONS": "true",
        "GITHUB_EVENT_NAME": "pull_request",
        "GITHUB_EVENT_PATH": str(payload),
    }
    run = project_gate(library, variables)
    assert_green(run)
    assert "announced: the pull request has the label Breaking" in run.summary
    payload.write_text(
        json.dumps({"pull_request": {**event, "labels": []}}), encoding="utf-8"
    )
    assert project_gate(library, variables).code == 1
    library.write("release-please-config.json", "{}")
    run = project_gate(library, variables)
    assert_green(run)
    assert "announces a breaking change" in run.summary


def project_gate(project: DemoProject, variables: dict[str, str]) -> Run:
    return project.gate("api", "--tier", "full", variables=dict(variables))


def test_without_a_base_or_with_broken_code_nothing_is_green(
    library: DemoProject,
) -> None:
    library.append("src/demo/_core.py", "def broken(:\n")
    run = gate(library)
    assert_not_run(run, "api", "the code cannot be read: src/demo/_core.py:56")
    library.replace("src/demo/_core.py", "def broken(:\n", "")
    git(library.root, "branch", "-m", "trunk")
    run = library.gate("api", "--tier", "full")
    assert_not_run(run, "api", "the base of the change is not known: none of")


def test_it_is_advisory_and_for_libraries_only(library: DemoProject) -> None:
    break_it(library)
    library.replace("pyproject.toml", "blocking = true", "")
    run = gate(library)
    assert_green(run)
    assert run.check("api")["status"] == "failed"
    library.replace("pyproject.toml", "library = true", "library = false")
    run = gate(library)
    assert run.check("api")["status"] == "skipped"
    assert "library is false" in run.check("api")["reason"]


def test_each_layout_is_compared_with_each_other(library: DemoProject) -> None:
    """From src to flat, nothing changes for users; a module is a package as well."""
    (library.root / "src/demo").rename(library.root / "demo")
    library.replace("pyproject.toml", '["src"]', '["demo"]')
    assert gate(library).findings("api") == []
    library.replace("demo/shapes.py", "def area(size: int,", "def area(length: int,")
    run = gate(library)
    assert run.code == 1
    assert {place.path for place in run.locations("api")} == {"demo/shapes.py"}


def test_each_package_of_a_monorepo_has_an_api_of_its_own(library: DemoProject) -> None:
    for name in ("alone", "other"):
        table = f'[project]\nname = "{name}"\nversion = "2.0.0"\n'
        library.write(f"packages/{name}/pyproject.toml", table)
        code = "def f() -> None: ...\n"
        library.write(f"packages/{name}/src/{name}/__init__.py", code)
    git(library.root, "add", ".")
    git(library.root, "commit", "--quiet", "--message", "packages")
    git(library.root, "tag", "other-v2.0.0")
    git(library.root, "tag", "alone-v1.9.0")
    for name in ("alone", "other"):
        library.write(f"packages/{name}/src/{name}/__init__.py", "")
    run = gate_of(library, "other")
    assert run.code == 1, str(run)
    place = Location("packages/other/src/other/__init__.py", 1)
    assert run.locations("api") == [place]
    assert "it was in packages/other/src/other/__init__.py:1" in run.summary
    # The next version of this one was set before: it is not released yet.
    run = gate_of(library, "alone")
    assert_green(run)
    assert "the version is 2.0.0, the last release alone-v1.9.0" in run.summary
