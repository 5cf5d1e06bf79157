"""``ci validate`` reports files of the framework that were edited by hand."""

from __future__ import annotations

import hashlib
import shlex
from pathlib import Path

import pytest

from tests.support.projects import DemoProject, Json, program

HASHES = "ci-framework/files.sha256"
OWNED = ("ci-framework/ci", "ci-framework/engine.lock", ".github/workflows/ci.yml")
RESTORE = (
    "restore it: `copier recopy --defaults --overwrite --vcs-ref=:current: -x '*' "
    "-x '!/{}'`"
)


def render_hashes(project: DemoProject) -> None:
    """Write the list as the template does."""
    project.write(".github/workflows/ci.yml", "name: CI\n")
    scripts = (project.root / "ci-framework" / "scripts").iterdir()
    names = (*OWNED, *(f"ci-framework/scripts/{path.name}" for path in scripts))
    lines = [
        f"{hashlib.sha256((project.root / name).read_bytes()).hexdigest()}  {name}\n"
        for name in names
    ]
    project.write(HASHES, "".join(lines))


def found(project: DemoProject) -> list[Json]:
    """The findings of `ci validate`; validators of other files cannot be installed."""
    tools = project.root.parent / "tools"
    program(tools, "uv", "raise SystemExit('uv: no network')\n")
    run = project.run("validate", variables={"PATH": str(tools)})
    return run.findings("framework-files")


def reported(project: DemoProject) -> dict[str, str]:
    """What `ci validate` reports about the framework's files."""
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
    name = "ci-framework/ci"
    assert reported(project) == {
        name: "edited by hand: an update that changes the same lines conflicts\n"
        "hint: to keep your edit, add it to the answer `unmanaged`: `copier update "
        f"--defaults --vcs-ref=:current: -d 'unmanaged=[{name}]'` and `git checkout "
        f"HEAD -- {name}`; or {RESTORE.format(name)}",
        OWNED[2]: "missing: updates do not restore it\n"
        f"hint: {RESTORE.format(OWNED[2])}",
    }


def test_the_hint_keeps_the_files_that_are_unmanaged_already(
    project: DemoProject,
) -> None:
    project.append("ci-framework/engine.lock", "# answers: .copier-answers.yml\n")
    project.write(".copier-answers.yml", "unmanaged: [.gitignore, it's.txt]\n")
    render_hashes(project)
    project.append("ci-framework/ci", "# edited\n")
    message = reported(project)["ci-framework/ci"]
    value = shlex.quote("unmanaged=[.gitignore, it's.txt, ci-framework/ci]")
    assert f"--vcs-ref=:current: -d {value}` and" in message


def test_a_file_that_hides_among_those_of_the_framework_is_reported(
    project: DemoProject,
) -> None:
    render_hashes(project)
    project.write("ci-framework/helper.py", "import os\n")
    project.write("ci-framework/scripts/evil.sh", "true\n")
    project.write("ci-framework/project/own.txt", "x\n")
    (project.root / "ci-framework" / "link").symlink_to("/etc")
    after = reported(project)
    names = {"helper.py", "scripts/evil.sh", "link"}
    assert set(after) == {f"ci-framework/{name}" for name in names}
    assert after["ci-framework/link"].startswith("not a file of the framework")


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
        f"list is used\nhint: {RESTORE.format(lock)}"
    }
    project.write(lock, "msgspec\n")
    assert list(reported(project)) == [lock]
    assert Path(project.root, lock).is_file()


def render_block(project: DemoProject, name: str) -> None:
    """List the block of a shared file as the template does."""
    text = project.read(name)
    block = text[text.index("# >>> ci") : text.index("<<<\n") + 3]
    digest = hashlib.sha256(block.encode()).hexdigest()
    project.write(HASHES, f"# block: {digest}  {name}\n")


def shown(project: DemoProject, part: str) -> list[str]:
    """Where and what a part of `ci validate` finds, without the hints."""
    run = project.run("validate", variables={"CI_FRAMEWORK_CACHE": "cold", "PATH": ""})
    findings = run.findings(part)
    return [f"{each['path']}: {each['message'].splitlines()[0]}" for each in findings]


EDITED = "the block of ci-framework was edited by hand"
MISSING = "the block of ci-framework is missing"


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("mine\n", "mine\nand more\n", None),
        ("a\n", "a\r\n", None),
        ("a\n", "b\n", EDITED),
        ("a\n", "", EDITED),
        ("a\n", "a\nc\n", EDITED),
        ("# >>> ci-framework >>>\na\n# <<< ci-framework <<<\n", "", MISSING),
    ],
)
def test_a_block_is_compared_and_the_lines_around_it_are_not(
    project: DemoProject, before: str, after: str, expected: str | None
) -> None:
    block = "# >>> ci-framework >>>\na\n# <<< ci-framework <<<\n"
    project.write(".gitignore", f"mine\n{block}")
    render_block(project, ".gitignore")
    project.replace(".gitignore", before, after)
    findings = [f".gitignore: {expected}"] if expected else []
    assert shown(project, "blocks") == findings


def test_a_shared_file_that_is_gone_is_reported(project: DemoProject) -> None:
    project.write(".gitignore", "# >>> ci-framework >>>\n# <<< ci-framework <<<\n")
    render_block(project, ".gitignore")
    (project.root / ".gitignore").unlink()
    assert shown(project, "blocks") == [f".gitignore: {MISSING}"]


@pytest.mark.heavy
def test_answers_that_are_gone_are_reported(project: DemoProject) -> None:
    project.write("ci-framework/engine.lock", "# answers: .copier-answers.ci.yml\n")
    [finding] = shown(project, "answers")
    assert finding.startswith(".copier-answers.ci.yml: missing: ")
    project.write(".copier-answers.ci.yml", "project_type: library\n")
    assert shown(project, "answers") == []


@pytest.mark.heavy
def test_packages_that_are_answered_and_not_there_are_reported(
    project: DemoProject,
) -> None:
    project.write("ci-framework/engine.lock", "# answers: .copier-answers.yml\n")
    packages = "packages: [{path: src}, {path: packages/core}]\n"
    project.write(".copier-answers.yml", f"project_type: monorepo\n{packages}")
    expected = "packages: expected the directory of a package, got 'packages/core'"
    assert shown(project, "answers") == [f".copier-answers.yml: {expected}"]
    project.replace(".copier-answers.yml", "monorepo", "library")
    assert shown(project, "answers") == []


@pytest.mark.heavy
def test_an_edited_block_is_a_warning_since_it_works(project: DemoProject) -> None:
    project.write(".gitignore", "# >>> ci-framework >>>\n# <<< ci-framework <<<\n")
    render_block(project, ".gitignore")
    project.replace(".gitignore", ">>>\n", ">>>\n*.log\n")
    check = project.run("validate").check("blocks")
    assert (check["status"], check["new"]) == ("passed", 0)
    assert [finding["severity"] for finding in check["findings"]] == ["warning"]


def test_a_conflict_of_an_update_is_named_with_its_line_and_both_ways_out(
    project: DemoProject,
) -> None:
    render_hashes(project)
    name = "ci-framework/ci"
    sides = "<<<<<<< before updating\nmine\n=======\ntheirs\n>>>>>>> after updating\n"
    text = (project.root / name).read_text(encoding="utf-8")
    project.write(name, text + sides)
    [conflict] = [each for each in found(project) if each["path"] == name]
    assert conflict["line"] == text.count("\n") + 1
    assert conflict["message"] == (
        "conflict markers of an unfinished merge: decide and remove them\n"
        "hint: your lines come first, then those of the new version; to take all of "
        f"its lines, {RESTORE.format(name)}"
    )
