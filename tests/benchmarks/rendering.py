"""Compare the cost of `copier copy` and `copier update` with another template's.

Run it with ``uv run python -m tests.benchmarks.rendering --other DIRECTORY``: a
checkout of a template to compare with, such as pawamoy/copier-uv. Read its Jinja
extensions first: ``--trust`` runs them (its tasks are skipped). The runs alternate,
and the least CPU time of each counts, so that the ratio means something on a busy
machine, too.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.support.renders import copy_template

COPIER = Path(sys.executable).with_name("copier")
GIT = ("git", "-c", "user.name=Test", "-c", "user.email=test@example.org")


@dataclass(frozen=True)
class Cost:
    """CPU and wall-clock seconds of one run, children included."""

    cpu: float
    wall: float


def measure(command: Sequence[str | Path], directory: Path) -> Cost:
    """Run a command that has to succeed."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(
        [str(part) for part in command],
        cwd=directory,
        check=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    wall = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Cost(cpu, wall)


def copy_cost(template: Path, directory: Path, *options: str) -> Cost:
    """Copy a template into a new directory."""
    target = directory / "copy"
    command = [COPIER, "copy", "--quiet", "--defaults", *options, template, target]
    cost = measure(command, directory)
    shutil.rmtree(target)
    return cost


def make_update(directory: Path) -> Path:
    """Commit a project of a template with two releases; return the project."""
    template = directory / "releases"
    template.mkdir()
    copy_template(template)
    commit(template, "v1.0.0")
    tools = template / "extensions" / "jinja" / "tools.jinja"
    text = tools.read_text(encoding="utf-8")
    tools.write_text(text.replace("'>=9,<10'", "'>=9.1,<10'"), encoding="utf-8")
    commit(template, "v1.1.0")
    project = directory / "project"
    options = ("--quiet", "--defaults", "--vcs-ref=v1.0.0")
    measure([COPIER, "copy", *options, template, project], directory)
    commit(project, "v0")
    return project


def commit(repository: Path, tag: str) -> None:
    """Commit everything and tag it."""
    if not (repository / ".git").exists():
        subprocess.run([*GIT, "init", "--quiet"], cwd=repository, check=True)
    subprocess.run([*GIT, "add", "--all"], cwd=repository, check=True)
    message = ("commit", "--quiet", "--no-verify", "-m", tag)
    subprocess.run([*GIT, *message], cwd=repository, check=True)
    subprocess.run([*GIT, "tag", tag], cwd=repository, check=True)


def update_cost(project: Path, directory: Path) -> Cost:
    """Update a copy of a project to the newest release."""
    target = shutil.copytree(project, directory / "updated", symlinks=True)
    cost = measure([COPIER, "update", "--quiet", "--defaults"], target)
    shutil.rmtree(target)
    return cost


def least(costs: Sequence[Cost]) -> str:
    """The least CPU and wall-clock time."""
    cpu, wall = min(c.cpu for c in costs), min(c.wall for c in costs)
    return f"{cpu:.2f} s CPU, {wall:.2f} s"


def main() -> None:
    """Measure, and print the least of each and the ratio."""
    parser = argparse.ArgumentParser(description="Measure Copier with this template.")
    parser.add_argument("--other", type=Path, help="checkout of another template")
    parser.add_argument("--data", nargs="*", default=[], help="its answers, NAME=VALUE")
    parser.add_argument("--runs", type=int, default=5)
    parsed = parser.parse_args()
    os.environ.setdefault("GIT_CONFIG_GLOBAL", os.devnull)
    ours: list[Cost] = []
    theirs: list[Cost] = []
    updates: list[Cost] = []
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        (directory / "template").mkdir()
        template = copy_template(directory / "template")
        project = make_update(directory)
        options = ["--trust", "--skip-tasks", *(f"--data={d}" for d in parsed.data)]
        for _ in range(parsed.runs):
            ours.append(copy_cost(template, directory))
            if parsed.other:
                theirs.append(copy_cost(parsed.other, directory, *options))
            updates.append(update_cost(project, directory))
    sys.stdout.write(f"copy: {least(ours)}\nupdate: {least(updates)}\n")
    if theirs:
        ratio = min(c.cpu for c in ours) / min(c.cpu for c in theirs)
        sys.stdout.write(f"copy of the other: {least(theirs)}\nratio: {ratio:.2f}\n")


if __name__ == "__main__":
    main()
