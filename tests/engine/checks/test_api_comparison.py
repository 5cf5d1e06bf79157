"""Which parts of a public API are compared, and how differences are judged."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import msgspec
import pytest

from ci_engine.changes.diff_base import DiffBase
from ci_engine.checks.context import Context
from ci_engine.checks.outcomes import EarlyResultError
from ci_engine.checks.packaging import api_trees, public_api
from ci_engine.checks.packaging.api_trees import write_base_tree, write_head_tree
from ci_engine.checks.workspace import Tool
from ci_engine.configuration.loading import load_configuration
from ci_engine.errors import ToolError
from ci_engine.findings.results import CheckResult, Status
from ci_engine.processes.programs import Outcome
from ci_engine.project.repository import read_project
from tests.support.projects import git
from tests.support.replacing import always

MANIFEST = '[project]\nname = "demo"\nversion = "1.0.0"\n'
REMOVED = {
    "kind": "OBJECT_REMOVED",
    "object": "demo.gone",
    "parameter": "",
    "old": "",
    "new": "",
    "deprecated": False,
    "path": "demo/__init__.py",
    "line": 3,
    "old_path": "demo/__init__.py",
    "old_line": 7,
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "repository"
    write(root, {"pyproject.toml": MANIFEST, "src/demo/__init__.py": "x = 1\n"})
    git(root, "init", "--quiet")
    return root


def write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def commit(root: Path) -> str:
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message=state")
    return git(root, "rev-parse", "HEAD").strip()


def context_of(root: Path, **facts: object) -> Context:
    usual = {
        "project": read_project(root),
        "request": SimpleNamespace(inner=("packages/inner",)),
    }
    return cast("Context", SimpleNamespace(**{**usual, **facts}))


@pytest.mark.parametrize(
    ("files", "packages", "version", "compiled"),
    [
        ({}, ["demo"], "1.0.0", []),
        # A module of its own, and files of another package inside.
        (
            {
                "pyproject.toml": '[project]\nname = "demo"\n',
                "src/demo/__init__.py": '__version__: str = "2.1"\n',
                "src/demo/fast.cpython-312-x86_64-linux-gnu.so": "",
                "src/demo/typed.cpython-312-x86_64-linux-gnu.so": "",
                "src/demo/typed.pyi": "",
                "packages/inner/src/inner/__init__.py": "",
                "ci-framework/ci_engine/__init__.py": "",
            },
            ["demo"],
            "2.1",
            ["src/demo/fast.cpython-312-x86_64-linux-gnu.so"],
        ),
    ],
)
def test_the_packages_of_both_versions_lie_by_their_import_names(
    *,
    files: dict[str, str],
    packages: list[str],
    version: str,
    compiled: list[str],
    root: Path,
    tmp_path: Path,
) -> None:
    write(root, files)
    base = commit(root)
    context = context_of(root)
    head = write_head_tree(context, tmp_path / "head")
    before = write_base_tree(context, base, tmp_path / "base")
    for tree in (head, before):
        assert (tree.packages, tree.version) == (packages, version)
        assert tree.compiled == compiled
        assert tree.sources["demo/__init__.py"] == "src/demo/__init__.py"
        laid = {
            p.relative_to(tree.directory).as_posix()
            for p in tree.directory.rglob("*.py*")
        }
        assert laid == set(tree.sources)


def test_a_module_and_a_package_at_the_top_have_their_names(
    root: Path, tmp_path: Path
) -> None:
    (root / "src" / "demo" / "__init__.py").unlink()
    (root / "src" / "demo").rmdir()
    (root / "src").rmdir()
    write(root, {"demo.py": "__version__ = '3'\n", "setup.py": "", "noxfile.py": ""})
    tree = write_head_tree(context_of(root), tmp_path / "head")
    assert (tree.packages, tree.sources) == (["demo"], {"demo.py": "demo.py"})
    inside = api_trees.__dict__["_inside"]
    assert inside("client.py", "demo", ".") == "demo/client.py"
    assert inside("setup.py", "demo", ".") == ""
    assert inside("other/x.py", "demo", "src/demo") == ""


def test_a_file_that_git_cannot_read_ends_the_comparison(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = commit(root)
    monkeypatch.setattr(api_trees, "read_blobs", always({}))
    with pytest.raises(
        ToolError, match=r"git does not have pyproject.toml of [0-9a-f]{12}"
    ):
        write_base_tree(context_of(root), base, tmp_path / "base")


Compare = Callable[..., CheckResult]
Event = tuple[str, dict[str, object]]
NO_EVENT: Event = ("", {})
QUEUE: Event = ("merge_group", {})
CLOCK: Event = ("schedule", {})
TAG: Event = ("push", {"ref": "refs/tags/v1"})


def push(branch: str) -> Event:
    repository = {"default_branch": "main"}
    return "push", {"ref": f"refs/heads/{branch}", "repository": repository}


@pytest.fixture
def compare(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Compare:
    """Compare with the first commit, with a fake griffe."""
    base = commit(root)
    monkeypatch.setattr(public_api, "_griffe", always(Tool("griffe", "1")))
    monkeypatch.setattr(public_api, "find_announcement", always(""))

    def compare(
        *breakages: dict[str, object],
        removed: tuple[str, ...] = (),
        unreadable: bool = False,
        stdout: str = "",
        timed_out: bool = False,
        event: Event = NO_EVENT,
        base: str | None = base,
        **settings: object,
    ) -> CheckResult:
        answer = {"breakages": breakages, "removed": removed}

        def execute(_: Tool, words: list[str], __: float) -> Outcome:
            text = json.dumps(answer)
            if words[0].endswith("parse_all.py"):
                path = f"{words[1]}/demo/__init__.py"
                old = f"{words[2]}/demo/__init__.py"
                rows = [{"path": p, "line": 4, "message": "bad"} for p in (path, old)]
                text = json.dumps(rows if unreadable else [])
            text = stdout or text
            return Outcome(("x",), 0, text, "", 1.0, timed_out=timed_out)

        api = load_configuration(root, {}).settings.api
        api = msgspec.structs.replace(api, **{"library": True, **settings})
        name, payload = event
        path = tmp_path / "event.json"
        path.write_text(json.dumps(payload), encoding="utf-8")
        variables = {"GITHUB_EVENT_NAME": name, "GITHUB_EVENT_PATH": str(path)}
        if name == "push":
            variables["GITHUB_REF"] = str(payload["ref"])
        context = context_of(
            root,
            settings=SimpleNamespace(api=api),
            variables=variables if name else {},
            reports=tmp_path,
            timeout=5.0,
            execute=execute,
            diff_base=lambda: DiffBase(base, "the test says so"),
        )
        return public_api.check(context)

    return compare


def test_a_difference_is_a_finding_where_it_is_now(compare: Compare) -> None:
    result = compare(
        REMOVED, {**REMOVED, "path": "", "old_path": ""}, removed=("demo.sub",)
    )
    assert [(f.rule, f.path, f.line, f.severity) for f in result.findings] == [
        ("object-removed", "pyproject.toml", 1, "error"),
        ("object-removed", "src/demo/__init__.py", 3, "error"),
        ("object-removed", "pyproject.toml", 1, "error"),
    ]
    assert result.findings[0].message == "the package demo.sub was removed"
    assert "demo.gone was removed (it was in src/demo/__init__.py:7)" in (
        result.findings[1].message
    )


@pytest.mark.parametrize(
    ("settings", "deprecated", "found"),
    [
        ({"allowed_kinds": ["object-removed"]}, False, []),
        ({"announced": ["demo.gone"]}, False, ["warning"]),
        ({}, True, ["warning"]),
    ],
)
def test_what_is_known_is_no_error(
    settings: dict[str, object], *, deprecated: bool, found: list[str], compare: Compare
) -> None:
    result = compare({**REMOVED, "deprecated": deprecated}, **settings)
    assert [finding.severity for finding in result.findings] == found


@pytest.mark.parametrize(
    ("event", "severity"),
    [(QUEUE, "warning"), (push("main"), "warning"), (push("other"), "error")],
)
def test_where_no_labels_are_known_the_pull_request_was_judged(
    event: Event, severity: str, compare: Compare
) -> None:
    result = compare(REMOVED, event=event, labels=["breaking"])
    assert [finding.severity for finding in result.findings] == [severity]
    assert any("has no labels" in note for note in result.notes) is (
        severity == "warning"
    )


def test_an_announcement_makes_warnings(
    compare: Compare, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(public_api, "find_announcement", always("the label x"))
    result = compare(REMOVED)
    assert [finding.severity for finding in result.findings] == ["warning"]
    assert "announced: the label x" in result.notes


@pytest.mark.parametrize(
    ("facts", "status", "reason"),
    [
        ({"library": False}, Status.SKIPPED, "it is not a library"),
        ({"event": CLOCK}, Status.SKIPPED, "is not about a change"),
        (
            {"event": TAG},
            Status.SKIPPED,
            "not about a ch",
        ),
        ({"base": None}, Status.NOT_RUN, "the base of the change is not known"),
    ],
)
def test_where_nothing_can_be_compared_the_reason_is_given(
    facts: dict[str, object], status: Status, reason: str, compare: Compare
) -> None:
    result = compare(REMOVED, **facts)
    assert (result.status, reason in result.reason) == (status, True), result.reason


def test_a_package_that_comes_or_is_not_there_is_not_compared(
    root: Path, compare: Compare
) -> None:
    (root / "src" / "demo" / "__init__.py").unlink()
    empty = commit(root)
    nothing = compare(base=empty)
    assert (nothing.status, "no package was found" in nothing.reason) == (
        Status.NOT_RUN,
        True,
    )
    write(root, {"src/demo/__init__.py": "", "src/demo/fast.abi3.so": ""})
    new = compare(base=empty)
    assert "there was no package before" in new.reason
    base = commit(root)
    assert (
        "compiled modules without stubs were not compared"
        in compare(base=base).notes[-1]
    )


@pytest.mark.parametrize(
    ("facts", "status", "reason"),
    [
        ({"timed_out": True}, Status.TIMED_OUT, ""),
        ({"stdout": "nonsense"}, Status.NOT_RUN, "griffe: "),
        (
            {"unreadable": True},
            Status.NOT_RUN,
            "the code cannot be read: src/demo/__init__.py:4: bad and 1 more",
        ),
    ],
)
def test_what_griffe_cannot_read_is_never_green(
    facts: dict[str, object], status: Status, reason: str, compare: Compare
) -> None:
    with pytest.raises(EarlyResultError) as caught:
        compare(**facts)
    assert caught.value.result.status is status
    assert reason in caught.value.result.reason
