"""Measure what the framework costs, as ratios within one run.

Usage: ``uv run tests/benchmarks/measure.py [--runs N] [--json]``. It renders a
project into a temporary directory and times, in turn and N times over:

- the gate against the bare tools, one after the other and side by side;
- the start of the engine against the start of Python;
- ``copier copy`` and ``copier update`` against the start of Copier.

Quote medians and ratios; absolute times belong to the machine.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ANSWERS = ("-d", "package_manager=pip", "-d", "type_checker=mypy")


def run(command: list[str], directory: Path) -> None:
    """Run a program that has to succeed, without showing what it prints."""
    done = subprocess.run(command, cwd=directory, capture_output=True, check=False)
    if done.returncode:
        raise SystemExit(f"{command}: {done.stderr.decode()[-2000:]}")


def run_together(commands: list[list[str]], directory: Path) -> None:
    """Run programs side by side and wait for all of them."""
    running = [
        subprocess.Popen(
            command,
            cwd=directory,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for command in commands
    ]
    for process in running:
        if process.wait():
            raise SystemExit(f"{process.args}: exit {process.returncode}")


def tool(name: str) -> str:
    """A program of the environment that runs this script."""
    return str(Path(sys.executable).with_name(name))


def release(directory: Path) -> Path:
    """A clone of this repository with two tags to update between."""
    clone = directory / "template"
    run(["git", "clone", "--quiet", str(ROOT), str(clone)], directory)
    identity = ["-c", "user.name=Benchmark", "-c", "user.email=b@example.org"]
    run(["git", "tag", "--force", "v900.0.0"], clone)
    macro = clone / "extensions" / "jinja" / "tools.jinja"
    macro.write_text(macro.read_text("utf-8").replace("'>=9,<10'", "'>=9.1,<10'"))
    change = ["git", *identity, "commit", "--quiet", "--all", "--message", "change"]
    run(change, clone)
    run(["git", "tag", "v900.1.0"], clone)
    return clone


def prepare(directory: Path, template: Path) -> Path:
    """A rendered project with its environment, green once."""
    project = directory / "project"
    copy = [tool("copier"), "copy", "--quiet", "--defaults", *ANSWERS]
    run([*copy, "--vcs-ref=v900.0.0", str(template), str(project)], directory)
    for words in (["init", "--quiet"], ["add", "."]):
        run(["git", *words], project)
    run(["ci-framework/ci", "setup", "--no-hooks"], project)
    run(["ci-framework/ci", "gate", "--tier", "essential"], project)
    return project


def subjects(
    directory: Path, template: Path, project: Path
) -> dict[str, Callable[[], None]]:
    """What is timed, by name."""
    scripts = project / ".venv" / ("Scripts" if os.name == "nt" else "bin")
    bare = [
        [str(scripts / "ruff"), "check", "."],
        [str(scripts / "ruff"), "format", "--check", "."],
        [str(scripts / "mypy")],
        [str(scripts / "python"), "-m", "pytest", "--quiet", "--cov"],
    ]
    number = iter(range(1_000_000))

    def one_by_one() -> None:
        for command in bare:
            run(command, project)

    def copy(ref: str = "v900.0.0") -> Path:
        destination = directory / f"copy-{next(number)}"
        words = [tool("copier"), "copy", "--quiet", "--defaults", f"--vcs-ref={ref}"]
        run([*words, *ANSWERS, str(template), str(destination)], directory)
        return destination

    def update() -> None:
        words = ["-c", "user.name=Benchmark", "-c", "user.email=b@example.org"]
        run(["git", "reset", "--quiet", "--hard"], updated)
        run(["git", *words, "clean", "--quiet", "-d", "--force"], updated)
        run([tool("copier"), "update", "--quiet", "--defaults"], updated)

    updated = copy()
    identity = ["-c", "user.name=Benchmark", "-c", "user.email=b@example.org"]
    run(["git", "init", "--quiet"], updated)
    run(["git", "add", "."], updated)
    run(["git", *identity, "commit", "--quiet", "--message", "start"], updated)
    return {
        "bare tools, one by one": one_by_one,
        "bare tools, side by side": lambda: run_together(bare, project),
        "ci gate --tier essential": lambda: run(
            ["ci-framework/ci", "gate", "--tier", "essential"], project
        ),
        "python -c pass": lambda: run([sys.executable, "-c", "pass"], project),
        "ci --help": lambda: run(["ci-framework/ci", "--help"], project),
        "ci --version": lambda: run(["ci-framework/ci", "--version"], project),
        "copier --version": lambda: run([tool("copier"), "--version"], project),
        "copier copy": lambda: copy() and None,
        "copier update": update,
    }


def measure(
    timed: dict[str, Callable[[], None]], runs: int
) -> dict[str, tuple[float, float]]:
    """Median wall and processor seconds of each, taken in turn."""
    walls: dict[str, list[float]] = {name: [] for name in timed}
    cpus: dict[str, list[float]] = {name: [] for name in timed}
    for _ in range(runs):
        for name, action in timed.items():
            before, started = os.times(), time.perf_counter()
            action()
            walls[name].append(time.perf_counter() - started)
            after = os.times()
            used = after.children_user + after.children_system
            used -= before.children_user + before.children_system
            cpus[name].append(used)
    return {
        name: (statistics.median(walls[name]), statistics.median(cpus[name]))
        for name in timed
    }


def main() -> None:
    """Measure and print a table, or JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    parsed = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="ci-framework-benchmark-") as name:
        directory = Path(name)
        template = release(directory)
        project = prepare(directory, template)
        medians = measure(subjects(directory, template, project), parsed.runs)
    if parsed.json:
        sys.stdout.write(json.dumps(medians, indent=2) + "\n")
        return
    bases = {
        "ci gate --tier essential": "bare tools, one by one",
        "ci --help": "python -c pass",
        "copier copy": "copier --version",
        "copier update": "copier --version",
    }
    sys.stdout.write("| what | wall s | CPU s | ratio of wall |\n|---|---:|---:|---|\n")
    for subject, (wall, cpu) in medians.items():
        base = bases.get(subject)
        ratio = f"{wall / medians[base][0]:.2f} x {base}" if base else ""
        sys.stdout.write(f"| {subject} | {wall:.2f} | {cpu:.2f} | {ratio} |\n")


if __name__ == "__main__":
    main()
