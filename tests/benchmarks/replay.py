"""Replay the history of a repository: what would have run for each of its changes?

Usage: ``uv run tests/benchmarks/replay.py CLONE [--source DIR]... [--tests DIR]...
[--commits N] [--generated PATTERN]... [--json]``. For each of the last commits on the
main line, and for each merge among them, the change is judged as in a pull request.
Nothing of the repository is run, and the clone itself stays as it is: commits are
checked out in a temporary work tree.

A share is the number of test files that run, divided by all of them; of jobs, those
of the workflow that run. Quote the table together with the command.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from ci_engine.changes.decision import Decision, everything
from ci_engine.changes.detection import ChangeSource, DetectionRequest, detect
from ci_engine.changes.diff import changed_files
from ci_engine.changes.diff_base import DiffBase
from ci_engine.configuration.loading import Configuration, load_configuration
from ci_engine.configuration.reading import Table
from ci_engine.errors import CommandError
from ci_engine.github.event import Event
from ci_engine.project.repository import read_project
from ci_engine.workflow_jobs.jobs import plan_jobs

PULL_REQUEST = Event(name="pull_request", pull_request=1)
OPTIONAL_JOBS = ("quick-checks", "comprehensive-tests", "code-scanning")
EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"


@dataclass
class Replayed:
    """What would have run for one change."""

    commit: str
    mode: str
    tests: float
    jobs: float
    categories: list[str]
    because: str = ""


@dataclass
class Group:
    """The changes of one kind: single commits, or merges."""

    name: str
    changes: list[Replayed] = field(default_factory=list[Replayed])

    def rows(self) -> Iterator[tuple[str, list[Replayed]]]:
        """The whole group, what only code is, and each kind of change by itself."""
        yield "all", self.changes
        for category in sorted({c for x in self.changes for c in x.categories}):
            yield (
                f"with {category}",
                [x for x in self.changes if category in x.categories],
            )
        code = {"source", "tests", "docs"}
        only = [x for x in self.changes if code.issuperset(x.categories)]
        yield "nothing but code and docs", only


def git(directory: Path, *words: str) -> str:
    """Run git, which has to succeed."""
    done = subprocess.run(
        ["git", "-c", "core.hooksPath=/dev/null", *words],
        cwd=directory,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"git {' '.join(words)}: {done.stderr}")
    return done.stdout.strip()


def replay(
    location: Path, configuration: Configuration, commit: str, parent: str
) -> Replayed | None:
    """Judge one change; None where it has no files, or no tests are there yet."""
    git(location, "checkout", "--quiet", "--force", "--detach", commit)
    try:
        decision = judge(location, configuration, parent)
    except CommandError as error:
        decision = everything(f"detection failed: {error}")
    total = decision.affected.total
    if not (decision.reasons[0].path and total):
        return None
    run = {"all": total, "none": 0}.get(decision.tests.mode, len(decision.tests.paths))
    skipped = plan_jobs(decision, configuration, PULL_REQUEST).skips
    left = [job for job in OPTIONAL_JOBS if job not in skipped]
    return Replayed(
        commit=commit,
        mode=decision.tests.mode,
        tests=run / total,
        jobs=len(left) / len(OPTIONAL_JOBS),
        categories=sorted({reason.category for reason in decision.reasons}),
        because=decision.affected.everything,
    )


def judge(location: Path, configuration: Configuration, parent: str) -> Decision:
    """What `ci changes` decides for a pull request with this change."""
    base = DiffBase(parent, "its parent")
    changes = changed_files(location, base, work_tree=False)
    source = ChangeSource(PULL_REQUEST, diff_base=base, changes=changes)
    project = read_project(location)
    return detect(project, configuration, source, DetectionRequest({}))


def history(location: Path, number: int) -> tuple[list[list[str]], list[list[str]]]:
    """The last commits that are not merges, and the last merges, with their parents."""
    listing = ["log", "--format=%H %P", f"--max-count={number}"]
    singles = git(location, *listing, "--no-merges").splitlines()
    merges = git(location, *listing, "--merges", "--first-parent").splitlines()
    return [row.split() for row in singles], [row.split() for row in merges]


def report(groups: Sequence[Group]) -> str:
    """The table."""
    head = "| changes | number | no tests | all tests | tests, mean | median | jobs |"
    lines = [head, "|---|---:|---:|---:|---:|---:|---:|"]
    for group in groups:
        for name, changes in group.rows():
            if not changes:
                continue
            none = sum(change.mode == "none" for change in changes)
            every = sum(change.mode == "all" for change in changes)
            tests = [change.tests for change in changes]
            jobs = statistics.fmean(change.jobs for change in changes)
            lines.append(
                f"| {group.name}, {name} | {len(changes)} | {none} | {every} | "
                f"{statistics.fmean(tests):.3f} | {statistics.median(tests):.3f} | "
                f"{jobs:.2f} |"
            )
    return "\n".join(lines) + "\n"


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("clone", type=Path)
    parser.add_argument("--source", action="append", default=[])
    parser.add_argument("--tests", action="append", default=[])
    parser.add_argument("--generated", action="append", default=[])
    parser.add_argument("--commits", type=int, default=100)
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


def main() -> None:
    """Replay, and print a table, or JSON."""
    parsed = arguments()
    settings: Table = {}
    if parsed.generated:
        settings["changes"] = {"generated-patterns": parsed.generated}
    settings |= {"source-paths": parsed.source} if parsed.source else {}
    settings |= {"test-paths": parsed.tests} if parsed.tests else {}
    groups = [Group("commits"), Group("merges")]
    with tempfile.TemporaryDirectory(prefix="ci-framework-replay-") as name:
        location = Path(name) / "tree"
        clone = ["clone", "--quiet", "--shared", "--no-checkout"]
        git(Path(name), *clone, str(parsed.clone.resolve()), str(location))
        # The settings of the framework, not those that the repository may have.
        configuration = load_configuration(Path(name), {}, settings)
        for group, rows in zip(groups, history(location, parsed.commits), strict=True):
            for commit, *parents in rows:
                parent = parents[0] if parents else EMPTY_TREE
                found = replay(location, configuration, commit, parent)
                group.changes += [found] if found else []
    if parsed.json:
        data = {group.name: [asdict(x) for x in group.changes] for group in groups}
        sys.stdout.write(json.dumps(data, indent=2) + "\n")
    else:
        sys.stdout.write(report(groups))


if __name__ == "__main__":
    main()
