"""What a change touches, and which jobs have to run for it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import cast

import pytest

from ci_engine.changes.categories import Classifier
from ci_engine.changes.decision import Decision, decide, everything
from ci_engine.configuration.loading import Configuration, load_configuration
from ci_engine.configuration.reading import Table
from ci_engine.github.event import Event, read_event
from ci_engine.github.outputs import write_outputs
from ci_engine.project.path_patterns import matching
from ci_engine.workflow_jobs.jobs import (
    Jobs,
    matrix_of,
    newest_of,
    plan_jobs,
    spot_check_of,
)
from tests.support.log_readers import read_outputs

TESTING = {"test", "coverage", "patch-coverage"}


def configuration(directory: Path, **tables: object) -> Configuration:
    return load_configuration(directory, {}, dict(tables))


def kinds(directory: Path, **tables: object) -> Classifier:
    loaded = configuration(directory, **tables)
    return Classifier(loaded.patterns, loaded.settings)


@pytest.mark.parametrize(
    ("pattern", "fits", "does_not"),
    [
        ("*.md", ["a.md", "x/y/a.md", ".md"], ["a.mdx", "a.md/b"]),
        ("/*.md", ["a.md"], ["x/a.md"]),
        ("docs/", ["docs/a", "docs/x/y.py"], ["docs", "docstrings.py", "x/docs/a"]),
        ("docs/**", ["docs/a", "docs/x/y"], ["docs", "docs2/a"]),
        ("docs/*", ["docs/a"], ["docs/x/y"]),
        ("**/b/**", ["b/x", "a/b/c/d"], ["ab/c", "b"]),
        ("a/**/b", ["a/b", "a/x/y/b"], ["ab", "a/xb", "xa/b"]),
        ("a**/b", ["a/b", "axx/b"], ["ab", "a/x/b"]),
        ("test_?.py", ["test_1.py", "x/test_1.py"], ["test_12.py", "test_/.py"]),
        ("[!a-c]x", ["dx"], ["ax", "/x"]),
        ("[^]x", ["^x"], ["ax"]),
        ("a.b+c", ["a.b+c"], ["aXb+c", "a.bbc"]),
        ("*.txt", ["new\nline.txt", "\u00e9.txt"], ["new.txt\n"]),
        ("**", ["a", "a/b"], []),
    ],
)
def test_a_pattern_fits_whole_names_and_never_a_prefix(
    pattern: str, fits: list[str], does_not: list[str]
) -> None:
    assert [path for path in fits if matching(path, [pattern]) is None] == []
    assert [path for path in does_not if matching(path, [pattern])] == []


@pytest.mark.parametrize(
    ("category", "paths"),
    [
        ("docs", ["README.md", "docs/guide.md", "docs/conf.py", "LICENSE"]),
        ("docs", ["docs/data.json", "examples/README.md", ".github/CONTRIBUTING.md"]),
        ("docs", ["docs/pyproject.toml", "doc/environment.yml", "docs/a/setup.py"]),
        ("source", ["src/demo/a.py", "src/demo/data.json", "src/demo/words.txt"]),
        ("source", ["src/demo/README.md", "src/docs/index.md", "docstrings.py"]),
        ("source", ["src/demo/test_tools.py", "tools/x.py", "a.pyx"]),
        ("tests", ["tests/test_a.py", "tests/data/a.md", "conftest.py"]),
        ("tests", ["benchmarks/test_speed.py"]),
        ("dependencies", ["requirements.txt", "docsite/pyproject.toml", "uv.lock"]),
        ("dependencies", ["pyproject.toml", "packages/a/pyproject.toml", "setup.py"]),
        ("dependencies", ["requirements-dev.txt", "requirements/dev.txt", "pixi.lock"]),
        ("dependencies", ["constraints.txt", "environment.yml", "poetry.lock"]),
        ("ci", [".github/workflows/docs.yml", ".github/actions/a/action.yml"]),
        ("ci", ["ci-framework/ci_engine/cli.py", ".github/workflows/a.yml"]),
        ("config", [".pre-commit-config.yaml", "ruff.toml", ".gitignore"]),
        ("config", [".yamllint.yml", "packages/a/mypy.ini", ".github/zizmor.yml"]),
        ("config", ["Makefile", ".env.example", ".vscode/tasks.json"]),
        (
            "unknown",
            ["Vagrantfile", "data.json", "notes.txt", ".envrc"],
        ),
        ("unknown", ["documentation.json", "../other/a.py/x", "docs"]),
    ],
)
def test_each_kind_of_file_is_recognized_by_its_path_and_name(
    category: str, paths: list[str], tmp_path: Path
) -> None:
    told = kinds(tmp_path)
    found = {path: told.classify(path).category for path in paths}
    assert found == dict.fromkeys(paths, category)
    assert all(told.classify(path).because for path in paths)


@pytest.mark.parametrize(
    ("tables", "path", "category"),
    [
        ({"source-paths": ["."]}, "demo/README.md", "source"),
        ({"source-paths": ["."]}, "README.md", "docs"),
        ({"source-paths": ["."]}, "docs/index.md", "docs"),
        ({"source-paths": ["."]}, "demo/words.txt", "source"),
        ({"source-paths": ["."]}, "tests/test_a.py", "tests"),
        ({"source-paths": ["."]}, "requirements.txt", "dependencies"),
        ({"source-paths": ["docs/lib"]}, "docs/lib/a.md", "source"),
        ({"source-paths": ["docs"]}, "docs/a.md", "source"),
        ({"source-paths": ["docs"]}, "docs/pyproject.toml", "dependencies"),
        ({"test-paths": ["src/demo/tests"]}, "src/demo/tests/a.py", "tests"),
        ({"test-paths": ["src/demo/tests.py"]}, "src/demo/tests.py", "tests"),
        ({"test-paths": ["tests.py"], "source-paths": ["."]}, "tests.py", "tests"),
        ({"test-paths": ["tests.py"], "source-paths": ["."]}, "x/tests.py", "source"),
        ({"changes": {"docs-patterns": ["*.md"]}}, "src/demo/a.md", "source"),
        ({"changes": {"docs-patterns": ["src/demo/*.md"]}}, "src/demo/a.md", "docs"),
        ({"changes": {"docs-patterns": ["*.adoc"]}}, "README.md", "unknown"),
        ({"changes": {"generated-patterns": ["src/v.py"]}}, "src/v.py", "generated"),
        ({"changes": {"generated-patterns": ["*.lock"]}}, "uv.lock", "dependencies"),
        ({"changes": {"data-patterns": {"src/*.csv": []}}}, "src/a.csv", "data"),
        ({"changes": {"data-patterns": {"*.lock": []}}}, "uv.lock", "dependencies"),
        ({"changes": {"config-patterns": ["*.toml"]}}, "a/b.toml", "config"),
        ({}, "src/demo/ruff.toml", "source"),
        ({"changes": {"docs-patterns": ["*.txt"]}}, "requirements.txt", "dependencies"),
        ({"changes": {"always-run": ["docs/api/"]}}, "docs/api/a.md", "always-run"),
        ({"changes": {"source-patterns": ["*.toml"]}}, "a/b.toml", "source"),
        ({"changes": {"test-patterns": ["spec_*"]}}, "x/spec_a.rb", "tests"),
    ],
)
def test_the_rule_that_says_most_about_the_place_decides(
    tables: Table, path: str, category: str, tmp_path: Path
) -> None:
    assert kinds(tmp_path, **tables).classify(path).category == category


ALL = {
    "source-changed": True,
    "performance-sensitive": True,
    "security-relevant": True,
}


@pytest.mark.parametrize(
    ("paths", "flags", "mode"),
    [
        (["README.md"], {"docs-only": True, "docs-changed": True}, "none"),
        (["README.md", "gen.txt"], {"docs-only": True, "docs-changed": True}, "none"),
        (["gen.txt"], {"docs-only": True}, "none"),
        (["README.md", "src/a.py"], {**ALL, "docs-changed": True}, "all"),
        (["src/a.py"], ALL, "all"),
        (["tests/test_a.py"], {}, "all"),
        (["README.md", "tests/test_a.py"], {"docs-changed": True}, "all"),
        (["Vagrantfile"], {**ALL, "docs-changed": True}, "all"),
        (["ruff.toml"], {"security-relevant": True}, "all"),
        (["README.md", "uv.lock"], {**ALL, "docs-changed": True}, "all"),
        ([".github/workflows/a.yml"], {**ALL, "docs-changed": True}, "all"),
        ([], {**ALL, "docs-changed": True}, "all"),
    ],
)
def test_only_documentation_runs_no_tests_and_the_unknown_runs_everything(
    paths: list[str], flags: Mapping[str, bool], mode: str, tmp_path: Path
) -> None:
    told = kinds(tmp_path, changes={"generated-patterns": ["gen.txt"]})
    decision = decide(told, paths, "base", "head")
    names = ("docs-only", "docs-changed", *ALL)
    found = {n: getattr(decision, n.replace("-", "_")) for n in names}
    assert found == {name: flags.get(name, False) for name in names}
    assert decision.tests.mode == mode
    assert [reason.path for reason in decision.reasons] == (sorted(paths) or [""])


@pytest.mark.parametrize(
    ("name", "ref", "default", "because"),
    [
        ("", "", "", ""),
        ("pull_request", "refs/pull/7/merge", "main", ""),
        ("push", "refs/heads/development", "main", ""),
        ("push", "refs/heads/main", "main", "default branch"),
        ("push", "refs/heads/main", "", "not known"),
        ("push", "refs/tags/v1", "main", "tag"),
        (
            "merge_group",
            "refs/heads/gh-readonly-queue/main/pr-1",
            "main",
            "merge_group",
        ),
        ("schedule", "refs/heads/main", "main", "schedule"),
        ("workflow_dispatch", "refs/heads/main", "main", "workflow_dispatch"),
        ("something_new", "", "main", "something_new"),
    ],
)
def test_only_a_change_may_leave_something_out(
    name: str, ref: str, default: str, because: str
) -> None:
    said = Event(name=name, ref=ref, default_branch=default).everything_because()
    assert because in said
    assert bool(said) is bool(because)


def plan(directory: Path, decision: Decision, event: Event, **tables: object) -> Jobs:
    return plan_jobs(decision, configuration(directory, **tables), event)


PULL_REQUEST = Event(name="pull_request", pull_request=7)


def test_each_check_of_the_tier_runs_in_exactly_one_job(tmp_path: Path) -> None:
    loaded = configuration(tmp_path)
    for tier in ("essential", "extended", "full"):
        jobs = plan(tmp_path, everything("x"), PULL_REQUEST, quality={"tier": tier})
        checks = loaded.settings.checks_of(tier)
        found = sorted([*jobs.quick_checks, *jobs.test_checks])
        # Where all tests run, they import what matters.
        assert found == sorted(set(checks) - {"imports"})
        assert set(jobs.test_checks) == TESTING & set(checks)
        assert jobs.skips == {}
        history = jobs.outputs()["test-history"]
        assert history == ("0" if "patch-coverage" in checks else "1")


def test_documentation_alone_skips_the_tests_and_what_is_blind_to_it(
    tmp_path: Path,
) -> None:
    decision = decide(kinds(tmp_path), ["README.md"], "a", "b")
    jobs = plan(tmp_path, decision, PULL_REQUEST, quality={"tier": "full"})
    assert set(jobs.skips) == {"comprehensive-tests", "code-scanning"}
    assert all("only documentation" in reason for reason in jobs.skips.values())
    assert set(jobs.quick_checks) >= {"lint", "hooks", "build", "metadata"}
    left_out = {"typecheck", "security", "audit", "policy", "lock"}
    assert not left_out & set(jobs.quick_checks)


@pytest.mark.parametrize(
    ("event", "skipped"),
    [
        (PULL_REQUEST, {}),
        (Event(name="push"), {"comment": "no pull request"}),
        (
            Event(name="pull_request", pull_request=7, private=True),
            {"code-scanning": "private"},
        ),
        (
            Event(name="pull_request", pull_request=7, restricted="a fork"),
            {"comment": "a fork", "code-scanning": "a fork"},
        ),
    ],
)
def test_a_job_that_could_not_do_its_work_is_left_out_with_the_reason(
    event: Event, skipped: dict[str, str], tmp_path: Path
) -> None:
    skips = plan(tmp_path, everything("x"), event).skips
    assert set(skips) == set(skipped)
    assert all(text in skips[job] for job, text in skipped.items())


def test_a_job_without_any_check_is_left_out(tmp_path: Path) -> None:
    off = {name: {"tier": "none"} for name in ("test", "coverage", "patch-coverage")}
    jobs = plan(tmp_path, everything("x"), PULL_REQUEST, checks=off)
    assert "has no check" in jobs.skips["comprehensive-tests"]
    rest: Table = {name: {"tier": "none"} for name in jobs.quick_checks}
    jobs = plan(tmp_path, everything("x"), PULL_REQUEST, checks=rest)
    assert "has no check" in jobs.skips["quick-checks"]
    assert jobs.skips["code-scanning"] == "nothing was scanned"


def test_the_matrix_has_every_python_once_and_its_ends_elsewhere(
    tmp_path: Path,
) -> None:
    matrix = {
        "python-versions": ["3.9", "3.14", "3.10"],
        "platforms": ["macos", "linux"],
    }
    loaded = configuration(tmp_path, matrix=matrix)
    matrix_jobs = [
        (matrix_job.platform, matrix_job.python_version)
        for matrix_job in matrix_of(loaded)
    ]
    ends = ["3.9", "3.14"]
    assert matrix_jobs == [
        *(("macos", version) for version in ("3.9", "3.10", "3.14")),
        *(("linux", version) for version in ends),
    ]
    few = spot_check_of(loaded)
    assert [(matrix_job.platform, matrix_job.python_version) for matrix_job in few] == [
        ("macos", version) for version in ends
    ]
    assert newest_of(loaded) == few[-1]
    assert newest_of(loaded).runner == loaded.tiers.runners["macos"]


def test_a_spot_check_is_for_changes_only(tmp_path: Path) -> None:
    versions = ["3.10", "3.11", "3.12"]
    loaded = configuration(tmp_path, matrix={"python-versions": versions})
    change = decide(kinds(tmp_path), ["Vagrantfile"], "a", "b")
    few = plan_jobs(change, loaded, PULL_REQUEST, spot_check=True).matrix_jobs
    assert [matrix_job.python_version for matrix_job in few] == ["3.10", "3.12"]
    for decision, spot_check in ((everything("x"), True), (change, False)):
        matrix_jobs = plan_jobs(
            decision, loaded, PULL_REQUEST, spot_check=spot_check
        ).matrix_jobs
        assert [matrix_job.python_version for matrix_job in matrix_jobs] == versions


def payload(path: Path, **changes: object) -> dict[str, str | None]:
    """The environment of a workflow run for a pull request."""
    repo = {"full_name": "a/b", "default_branch": "main", "private": False}
    pull_request = {"number": 7, "head": {"repo": repo}, "base": {"repo": repo}}
    event = {"repository": repo, "pull_request": pull_request | changes}
    path.write_text(json.dumps(event), encoding="utf-8")
    return {"GITHUB_EVENT_NAME": "pull_request", "GITHUB_EVENT_PATH": str(path)}


@pytest.mark.parametrize(
    ("changes", "restricted"),
    [
        ({}, ""),
        ({"head": {"repo": {"full_name": "c/b"}}}, "fork"),
        ({"head": {"repo": None}}, "fork"),
        ({"user": {"login": "dependabot[bot]"}}, "Dependabot"),
        ({"user": {"login": "someone"}}, ""),
    ],
)
def test_the_event_shows_whose_token_may_write(
    changes: dict[str, object], restricted: str, tmp_path: Path
) -> None:
    variables = cast("dict[str, str]", payload(tmp_path / "event.json", **changes))
    event = read_event(variables)
    assert restricted in event.restricted
    assert bool(event.restricted) is bool(restricted)
    assert event.pull_request == 7


def test_no_value_of_an_output_can_name_another_output(tmp_path: Path) -> None:
    file = tmp_path / "output"
    values = {"a": "1", "b": "x\nverdict=green\rskips={}", "c": "", "d": "EOF\n"}
    write_outputs(values, {"GITHUB_OUTPUT": str(file)})
    assert read_outputs(file) == values
