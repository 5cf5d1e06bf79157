"""The test of an sdist: installation, imports and commands."""

from __future__ import annotations

import io
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from ci_engine.checks.context import Context
from ci_engine.checks.outcomes import EarlyResultError, not_run
from ci_engine.checks.packaging.distribution import (
    BrokenScript,
    ImportFailure,
    Imports,
)
from ci_engine.findings.results import CheckResult, Finding, Status
from ci_engine.processes.programs import Outcome
from ci_engine.project.repository import read_project
from ci_engine.releases import proof
from ci_engine.releases.built_files import BuiltFiles
from tests.support.replacing import always

SOUND = Imports(
    version="1.0", stated={"demo": "1.0"}, modules=["demo"], failures=[], scripts=[]
)
MISSING = ImportFailure("demo.a", "ModuleNotFoundError", "no", "attrs", "", 1)
TRACEBACK = "Traceback (most recent call last)\n  …\nKeyError: 'x'"
FAILED = Finding(
    tool="build", rule="not-installable", message="the wheel cannot", path="p"
)


def outcome(
    code: int | None, stderr: str = "", *, timed_out: bool = False, missing: str = ""
) -> Outcome:
    return Outcome(("x",), code, "", stderr, 1.0, timed_out, missing)


class StandIn:
    """A build, whose steps end as a test wants."""

    def __init__(self, directory: Path, **ends: object) -> None:
        self.directory, self.root, self.prefix = directory, directory, directory
        self.ends = ends
        self.context = cast("Context", None)

    def make_siblings(self) -> list[Path]:
        return []

    def frontend(self, *words: object) -> Outcome:
        made = cast("Path", words[2])
        made.mkdir(parents=True)
        names = cast("list[str] | None", self.ends.get("direct"))
        if names is not None:
            write_wheel(made / "demo-1.0-py3-none-any.whl", names)
        return cast("Outcome", self.ends.get("built", outcome(0)))

    def give_up(self, what: str, ended: Outcome) -> None:
        raise EarlyResultError(not_run(f"{what}: {ended.stderr}", ended))

    def install(self, _: object) -> Finding | None:
        return cast("Finding | None", self.ends.get("install"))

    def import_all(self, _: str) -> Imports | Finding:
        return cast("Imports | Finding", self.ends.get("imports", SOUND))

    def start(self, *_: object) -> Outcome:
        return cast("Outcome", self.ends.get("started", outcome(0)))


def write_wheel(path: Path, names: list[str]) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, "")
        archive.writestr("demo-1.0.dist-info/METADATA", "Version: 1.0\n\n")
        scripts = (
            "[console_scripts]\ndemo = demo:main\nother = demo:main [x]\n[y]\na=b\n"
        )
        archive.writestr("demo-1.0.dist-info/entry_points.txt", scripts)


@pytest.fixture
def built(tmp_path: Path) -> BuiltFiles:
    (tmp_path / "pyproject.toml").write_text("[build-system]\n", encoding="utf-8")
    sdist, wheel = tmp_path / "demo-1.0.tar.gz", tmp_path / "demo-1.0-py3-none-any.whl"
    with tarfile.open(sdist, "w:gz") as archive:
        info = tarfile.TarInfo("demo-1.0/PKG-INFO")
        info.size = 14
        archive.addfile(info, io.BytesIO(b"Version: 1.0\n\n"))
        # hatchling adds the one at the top of the repository to that of a package.
        archive.addfile(tarfile.TarInfo("demo-1.0/.gitignore"))
    write_wheel(wheel, ["demo.py"])
    return BuiltFiles(sdist, wheel)


Prove = Callable[..., CheckResult]


@pytest.fixture
def prove(built: BuiltFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Prove:
    def prove(**ends: object) -> CheckResult:
        probe = SimpleNamespace(executable="python", python="3.11")
        project = read_project(tmp_path)
        context = cast(
            "Context",
            SimpleNamespace(
                project=project, cancel=None, prepared=SimpleNamespace(probe=probe)
            ),
        )

        def build(_: object, __: object, ___: object, directory: Path) -> StandIn:
            stand_in = StandIn(directory, **{"direct": ["demo.py"], **ends})
            stand_in.context = context
            return stand_in

        tool = SimpleNamespace(version="1")
        monkeypatch.setattr(proof, "isolated_tool", always(tool))
        monkeypatch.setattr(proof, "Build", build)
        return proof.prove(context, built)

    return prove


def test_a_sound_sdist_names_the_commands_that_were_started(prove: Prove) -> None:
    result = prove()
    assert (result.status, result.findings) == (Status.PASSED, [])
    # One that needs an extra is not started.
    assert result.notes == ["started with --help: demo"]


def test_nothing_built_is_nothing_to_prove(tmp_path: Path) -> None:
    assert proof.prove(cast("Context", None), None).status is Status.SKIPPED


@pytest.mark.parametrize(
    ("ends", "rule", "message"),
    [
        (
            {"direct": ["a.py"]},
            "wheel-differs",
            "only the wheel of the checkout, not that of the sdist",
        ),
        ({"direct": None}, "wheel-differs", "cannot be built without the sdist"),
        ({"built": outcome(1, "no")}, "wheel-differs", "without the sdist: no"),
        ({"install": FAILED}, "not-installable", "the sdist cannot"),
        ({"imports": FAILED}, "not-installable", "the wheel cannot"),
        (
            {"imports": Imports("1.0", {}, ["demo"], [MISSING], [])},
            "undeclared-dependency",
            "attrs is imported, but no dependency",
        ),
        (
            {"imports": Imports("1.0", {}, [], [], [BrokenScript("demo = x:y", "no")])},
            "broken-script",
            "the command demo = x:y cannot start: no",
        ),
        (
            {"imports": Imports("1.1", {"demo": "1.0", "b": ""}, ["demo"], [], [])},
            "stated-version",
            "demo.__version__ is '1.0', but the version of the package is 1.1",
        ),
        (
            {"started": outcome(None, timed_out=True)},
            "command-hangs",
            "`demo --help` did not end within 60 s",
        ),
        (
            {"started": outcome(None, missing="no such file")},
            "command-fails",
            "`demo` cannot be started: no such file",
        ),
        (
            {"started": outcome(1, TRACEBACK)},
            "command-fails",
            "ends with KeyError: 'x'",
        ),
        ({"started": outcome(2, "usage: demo")}, "", ""),
    ],
)
def test_what_would_break_after_the_release_is_found_before_it(
    ends: dict[str, object], rule: str, message: str, prove: Prove
) -> None:
    result = prove(**ends)
    assert {found.rule for found in result.findings} == ({rule} if rule else set())
    assert all(message in found.message for found in result.findings[:1])


def test_a_network_that_fails_is_no_verdict_on_the_checkout(prove: Prove) -> None:
    failed = outcome(1, "error: failed to fetch hatchling")
    with pytest.raises(EarlyResultError) as caught:
        prove(built=failed, direct=None)
    assert caught.value.result.status is Status.NOT_RUN
