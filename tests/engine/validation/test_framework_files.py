"""``ci validate`` reports files of the framework that were edited by hand."""

from __future__ import annotations

import hashlib
from pathlib import Path

from tests.support.projects import DemoProject, Json, program

HASHES = "ci-framework/files.sha256"
OWNED = ("ci-framework/ci", "ci-framework/engine.lock", ".github/workflows/ci.yml")
RESTORE = "restore it: `copier update --defaults --vcs-ref=:current:`"


def render_hashes(project: DemoProject) -> None:
    """Write the list as the template does."""
    project.write(".github/workflows/ci.yml", "name: CI\n")
    lines = [
        f"{hashlib.sha256((project.root / name).read_bytes()).hexdigest()}  {name}\n"
        for name in OWNED
    ]
    project.write(HASHES, "".join(lines))


def found(project: DemoProject) -> list[Json]:
    """What `ci validate` finds; the validators of other files cannot be installed."""
    tools = project.root.parent / "tools"
    program(tools, "uv", "raise SystemExit('uv: no network')\n")
    run = project.run("validate", variables={"PATH": str(tools)})
    return run.findings("framework-files")


def reported(project: DemoProject) -> dict[str, str]:
    """What `ci validate` says of the framework's files."""
    return {finding["path"]: finding["message"] for finding in found(project)}


def test_a_project_without_a_list_is_fine(project: DemoProject) -> None:
    assert reported(project) == {}


def test_files_as_they_were_rendered_are_fine(project: DemoProject) -> None:
    render_hashes(project)
    assert reported(project) == {}
    for name in (*OWNED, HASHES):
        path = project.root / name
        project.write(name, path.read_bytes().replace(b"\n", b"\r\n"))
    assert reported(project) == {}


def test_an_edited_and_a_missing_file_are_reported_with_what_to_do(
    project: DemoProject,
) -> None:
    render_hashes(project)
    project.append("ci-framework/ci", "# edited\n")
    (project.root / OWNED[2]).unlink()
    keep = "hint: to keep it so, add it to the answer `unmanaged`: `copier update "
    keep += "--defaults --vcs-ref=:current: -d 'unmanaged=[{}]'`; or " + RESTORE
    assert reported(project) == {
        "ci-framework/ci": "edited by hand: the next update replaces it\n"
        + keep.format("ci-framework/ci"),
        OWNED[2]: "missing: the next update replaces it\n" + keep.format(OWNED[2]),
    }


def test_a_damaged_list_is_reported(project: DemoProject) -> None:
    project.write(HASHES, "<<<<<<< before\n")
    [finding] = found(project)
    assert (
        f"{HASHES}:1: expected a hash and a path, got '<<<<<<< before'"
        in (finding["message"])
    )


def test_an_edited_lock_is_reported(project: DemoProject) -> None:
    lock = "ci-framework/engine.lock"
    project.replace(lock, "msgspec==", "msgspec==9")
    assert reported(project) == {
        lock: "its packages do not have the digest that it states: the engine's own "
        f"list is used\nhint: {RESTORE}"
    }
    project.write(lock, "msgspec\n")
    assert list(reported(project)) == [lock]
    assert Path(project.root, lock).is_file()
