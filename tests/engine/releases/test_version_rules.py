"""Which versions can be released, and where builds take them from."""

from __future__ import annotations

import io
import tarfile
import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from ci_engine.checks.context import Context
from ci_engine.checks.packaging import build as build_module
from ci_engine.checks.packaging.build import Build
from ci_engine.environments.isolated_tools import IsolatedTool
from ci_engine.errors import UsageError
from ci_engine.findings.results import Status
from ci_engine.processes.programs import Outcome
from ci_engine.project.version_sources import pretend_version
from ci_engine.releases.built_files import BuiltFiles
from ci_engine.releases.version_check import check_version, version_of
from tests.support.monorepos import graph_of, package
from tests.support.projects import git
from tests.support.release_repositories import (
    MANIFEST,
    commit,
    make_releasable,
    rules,
    subject_of,
    write,
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make_releasable(tmp_path / "demo")


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("1.0", ["not-above"]),
        ("1.0.0rc1", ["not-above"]),
        ("0.9.0", ["not-above"]),
        ("1.0.1", []),
        ("one", ["invalid-version"]),
        ("1.1.0+local", ["local-version"]),
        ("1.1.0.dev1", ["dev-version"]),
    ],
)
def test_versions_that_cannot_be_released(
    root: Path, version: str, expected: list[str]
) -> None:
    write(root, "pyproject.toml", MANIFEST.replace("1.1.0", version))
    assert rules(check_version(subject_of(root), None)) == expected


def test_an_old_branch_goes_on_below_the_highest_release(root: Path) -> None:
    git(root, "switch", "--quiet", "--create", "next")
    write(root, "more.py", "")
    commit(root)
    git(root, "tag", "v2.0.0")
    assert rules(check_version(subject_of(root), None)) == ["not-above"]
    git(root, "switch", "--quiet", "main")
    assert rules(check_version(subject_of(root), None)) == []


def test_a_shallow_clone_knows_no_earlier_release(root: Path, tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    write(root, "more.py", "")
    commit(root)
    git(tmp_path, "clone", "--quiet", "--depth=1", f"file://{root}", str(clone))
    result = check_version(subject_of(clone), None)
    assert result.status is Status.NOT_RUN
    assert "fetch-depth: 0" in result.reason


def test_a_version_that_the_command_line_contradicts(root: Path) -> None:
    result = check_version(subject_of(root, version="1.2.0"), None)
    assert rules(result) == ["version-mismatch"]
    with pytest.raises(UsageError, match="expected a version such as"):
        subject_of(root, version="next")


def test_a_tool_that_asks_git_is_given_the_version() -> None:
    # Other packages that are built from their source must not get it.
    assert pretend_version("setuptools-scm", "my_demo.x", "1.1.0") == {
        "SETUPTOOLS_SCM_PRETEND_VERSION_FOR_MY_DEMO_X": "1.1.0"
    }
    assert pretend_version("hatch-vcs", "demo", "1.1.0") == {
        "SETUPTOOLS_SCM_PRETEND_VERSION": "1.1.0"
    }
    assert pretend_version("versioneer", "demo", "1.1.0") == {}
    # Only the build knows the name that a setup.py states.
    assert pretend_version("setuptools-scm", "", "1.1.0") == {
        "SETUPTOOLS_SCM_PRETEND_VERSION": "1.1.0"
    }


def of_git(root: Path, tool: str) -> None:
    manifest = MANIFEST.replace('version = "1.1.0"', 'dynamic = ["version"]')
    requires = f'[build-system]\nrequires = ["{tool}"]\n'
    write(root, "pyproject.toml", f"{manifest}{requires}")


def built_as(root: Path, version: str) -> BuiltFiles:
    sdist, wheel = root / "demo.tar.gz", root / "demo.whl"
    metadata = f"Version: {version}\n\n".encode()
    with tarfile.open(sdist, "w:gz") as archive:
        info = tarfile.TarInfo("demo/PKG-INFO")
        info.size = len(metadata)
        archive.addfile(info, io.BytesIO(metadata))
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("demo.dist-info/METADATA", metadata)
    return BuiltFiles(sdist, wheel)


@pytest.mark.parametrize(
    ("tool", "tag", "version", "message"),
    [
        (
            "setuptools-scm",
            "",
            "",
            "setuptools-scm takes the version from the tags, so it is 1.0.1.dev1+g1 "
            "now: name the version that you will tag with --version",
        ),
        # It reads no variable, so that naming the version does not help.
        (
            "versioningit",
            "",
            "1.1.0",
            "versioningit takes the version from the tags only, so it is "
            "1.0.1.dev1+g1 now: create the tag v1.1.0 without pushing it, and pass "
            "--tag v1.1.0",
        ),
        (
            "setuptools-git-versioning",
            "v1.1.0",
            "",
            "setuptools-git-versioning derives 1.0.1.dev1+g1 from the tag v1.1.0: the "
            "build changes or adds files that git does not ignore, or its settings "
            "expect another tag",
        ),
    ],
)
def test_a_version_that_is_not_tagged_is_one_finding_with_its_next_step(
    root: Path, tool: str, tag: str, version: str, message: str
) -> None:
    of_git(root, tool)
    commit(root)
    git(root, "tag", "v1.1.0")
    subject = subject_of(root, tag, version)
    built = built_as(root, "1.0.1.dev1+g1")
    result = check_version(subject, built)
    assert rules(result) == ["untagged-version"]
    assert message in result.findings[0].message
    # The changelog and the tag are compared with the version that was named.
    assert version_of(subject, built) == (version or tag[1:])


def test_packages_that_are_built_beside_it_keep_their_own_versions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {
        "pyproject.toml": "",
        **package("libs/core"),
        **package("libs/cli", "core"),
    }
    siblings = SimpleNamespace(graph=graph_of(tmp_path, files), own="cli")
    pretended = {"SETUPTOOLS_SCM_PRETEND_VERSION": "2.0"}
    request = SimpleNamespace(siblings=siblings, pretended=pretended)
    project = SimpleNamespace(root=tmp_path / "libs/cli", repository=tmp_path)
    context = SimpleNamespace(
        request=request, project=project, cancel=None, timeout=60.0
    )
    tool = SimpleNamespace(variables={}, program=str)
    given: dict[str, str] = {}

    def run(
        command: list[str | Path], variables: dict[str, str], **_: object
    ) -> Outcome:
        name = Path(command[-1]).name
        given[name] = variables.get("SETUPTOOLS_SCM_PRETEND_VERSION", "")
        made = tmp_path / "work" / ("beside" if name == "core" else "made")
        made.mkdir(exist_ok=True)
        for end in (".tar.gz", "-py3-none-any.whl"):
            if name == "cli" or end.endswith("whl"):
                (made / f"{name}-1{end}").touch()
        return Outcome(("x",), 0, "", "", 1.0)

    monkeypatch.setattr(build_module, "run_program", run)
    (tmp_path / "work").mkdir()
    build = Build(
        cast("Context", context),
        cast("IsolatedTool", tool),
        "python",
        tmp_path / "work",
    )
    assert [path.name for path in build.make_siblings()] == ["core-1-py3-none-any.whl"]
    build.make()
    assert given == {"core": "", "cli": "2.0"}
