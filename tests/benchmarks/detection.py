"""Score ``ci scan`` against bandit and ruff alone, on code with known issues.

Usage: ``uv run -m tests.benchmarks.detection CLONE [--json]``. CLONE is a clone of
OWASP-Benchmark/BenchmarkPython or of PyCQA/bandit, whose examples are scored; nothing
of it is run. All of them scan the same copies of the same files:

- ``bandit`` and ``ruff``: each one alone, everything that it says;
- ``ci scan``: everything that is reported;
- ``red at LEVEL``: only what makes a scan of this level red.

In BenchmarkPython a file is a case of one category, and counts as found when a rule of
this category fits anywhere in it. In bandit's examples the number of flaws in each file
is what bandit's own tests expect of it, and a file that expects none is clean.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import csv
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import msgspec

from ci_engine.commands.scan import ScanOptions, run_scan
from ci_engine.configuration.loading import load_configuration
from ci_engine.configuration.settings import SecurityLevel
from ci_engine.configuration.surroundings import Surroundings
from ci_engine.findings.results import Finding
from ci_engine.project.repository import read_project

LEVELS: tuple[SecurityLevel, ...] = ("medium", "high", "critical")
# The rules about each category, by the number that bandit and ruff give them. Those
# about imports alone are left out: they do not show how the modules are used.
CATEGORIES: Mapping[str, frozenset[int]] = {
    "cmdi": frozenset({601, 602, 603, 604, 605, 606, 607, 609}),
    "codeinj": frozenset({102, 307}),
    "deserialization": frozenset({301, 302, 506}),
    "hash": frozenset({303, 324}),
    "sqli": frozenset({608, 610, 611}),
    "weakrand": frozenset({311}),
    "xss": frozenset({308, 701, 702, 703, 704}),
    "xxe": frozenset(range(313, 321)),
}
_HEAD = ("| by | flaws found | clean cases with a finding |", "|---|---|---|")
_NUMBER = re.compile(r"(?:^|\s)[SB](\d{3})\b")
_HIDE = re.compile(r"#\s*(?:nosec|noqa)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Case:
    """A file, and what is known about it."""

    name: str
    category: str
    issues: int


@dataclass(frozen=True)
class ChangeSource:
    """One finding: where it is, and the numbers of the rules that found it."""

    name: str
    line: int
    numbers: frozenset[int]


@dataclass(frozen=True)
class Score:
    """How many of the known issues were found.

    Attributes:
        by: the tool.
        found: issues that were found.
        flaws: all known issues.
        wrong: clean cases with a finding.
        clean: clean cases.
    """

    by: str
    found: int
    issues: int
    wrong: int
    clean: int

    def row(self) -> str:
        """A line of a table."""
        found, wrong = self.found / self.issues, self.wrong / max(1, self.clean)
        return (
            f"| {self.by} | {self.found} of {self.issues} ({found:.1%}) "
            f"| {self.wrong} of {self.clean} ({wrong:.1%}) |"
        )


class _Issue(msgspec.Struct):
    filename: str
    test_id: str
    line_number: int


class _Issues(msgspec.Struct):
    results: list[_Issue]


class _Row(msgspec.Struct):
    row: int


class _Violation(msgspec.Struct):
    filename: str
    code: str | None
    location: _Row


def benchmark_cases(clone: Path) -> Iterator[tuple[Path, Case]]:
    """The cases of BenchmarkPython, as its list of expected results has them."""
    (listing,) = clone.glob("expectedresults-*.csv")
    with listing.open(encoding="utf-8", newline="") as stream:
        for row in csv.reader(stream):
            if len(row) < 4 or row[0].startswith("#"):
                continue
            name, category, real = (each.strip() for each in row[:3])
            path = clone / "testcode" / f"{name}.py"
            yield path, Case(path.name, category, int(real == "true"))


def example_cases(clone: Path) -> Iterator[tuple[Path, Case]]:
    """The examples of bandit, as its functional tests expect them to be."""
    tests = clone / "tests" / "functional" / "test_functional.py"
    for function in ast.walk(ast.parse(tests.read_text("utf-8"))):
        if not isinstance(function, ast.FunctionDef):
            continue
        calls = [n for n in ast.walk(function) if isinstance(n, ast.Call)]
        names = [
            argument.value
            for call in calls
            if isinstance(call.func, ast.Attribute)
            and call.func.attr == "check_example"
            for argument in call.args[:1]
            if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
        ]
        tables = [n for n in ast.walk(function) if isinstance(n, ast.Dict)]
        if len(names) != 1 or not tables:
            continue
        table: object = ast.literal_eval(tables[0])
        expected = msgspec.convert(table, dict[str, dict[str, int]])
        path = clone / "examples" / names[0]
        # Suppression comments are tested separately.
        if path.suffix == ".py" and not _HIDE.search(
            path.read_text("utf-8", "replace")
        ):
            yield path, Case(path.name, "", sum(expected["SEVERITY"].values()))


def looked(directory: Path) -> dict[str, list[ChangeSource]]:
    """Scan a directory with every tool."""
    everybody: dict[str, list[ChangeSource]] = {}
    words = [_tool("bandit"), "--quiet", "--format", "json", "--recursive", "src"]
    issues = msgspec.json.decode(_output(words, directory), type=_Issues)
    everybody["bandit"] = [
        ChangeSource(Path(i.filename).name, i.line_number, _numbers(i.test_id))
        for i in issues.results
    ]
    words = [_tool("ruff"), "check", "--isolated", "--no-cache", "--select", "S"]
    answer = _output([*words, "--output-format", "json", "src"], directory)
    violations = msgspec.json.decode(answer, type=list[_Violation])
    everybody["ruff"] = [
        ChangeSource(Path(v.filename).name, v.location.row, _numbers(v.code or ""))
        for v in violations
        if _numbers(v.code or "")
    ]
    for level in LEVELS:
        found = _scanned(directory, level)
        told = [
            (
                ChangeSource(Path(f.path).name, f.line, _numbers(f.rule, *f.also)),
                f.severity,
            )
            for f in found
        ]
        everybody["ci scan"] = [each for each, _ in told]
        red = [each for each, severity in told if severity == "error"]
        everybody[f"red at {level}"] = red
    return everybody


def _scanned(directory: Path, level: SecurityLevel) -> list[Finding]:
    """The findings of a scan at a level."""
    configuration = load_configuration(directory, {}, {"security": {"level": level}})
    project = read_project(directory)
    surroundings = Surroundings(directory, directory, dict(os.environ))
    with contextlib.redirect_stdout(io.StringIO()):
        run = run_scan(project, configuration, ("bandit",), ScanOptions(), surroundings)
    for check in run.checks:
        sys.stderr.write(f"{level}: {check.id}: {' '.join(check.notes)}\n")
    return [finding for check in run.checks for finding in check.findings]


def score(by: str, cases: list[Case], told: list[ChangeSource]) -> Score:
    """Compare the findings with the known issues."""
    lines: Counter[str] = Counter()
    categories: dict[str, set[int]] = {}
    # Two rules about one line are one issue: a duplicate improves no score.
    lines.update(name for name, _ in {(each.name, each.line) for each in told})
    for each in told:
        categories.setdefault(each.name, set()).update(each.numbers)
    found = wrong = clean = issues = 0
    for case in cases:
        number = lines[case.name]
        if case.category:
            rules = CATEGORIES.get(case.category, frozenset())
            number = int(bool(rules & categories.get(case.name, set())))
        issues += case.issues
        found += min(number, case.issues)
        clean += not case.issues
        wrong += bool(number and not case.issues)
    return Score(by, found, issues, wrong, clean)


def _numbers(*names: str) -> frozenset[int]:
    found = [match for name in names for match in _NUMBER.findall(name)]
    return frozenset(int(number) for number in found)


def _tool(name: str) -> str:
    return str(Path(sys.executable).with_name(name))


def _output(words: list[str], directory: Path) -> str:
    """The output of a program; an exit code that reports findings is not a failure."""
    done = subprocess.run(
        words, cwd=directory, capture_output=True, text=True, check=False
    )
    if not done.stdout.strip():
        raise SystemExit(f"{words[0]}: exit {done.returncode}: {done.stderr[-2000:]}")
    return done.stdout


def main() -> None:
    """Score a clone and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("clone", type=Path)
    parser.add_argument("--json", action="store_true", dest="as_json")
    arguments = parser.parse_args()
    clone: Path = arguments.clone
    read = example_cases if (clone / "examples").is_dir() else benchmark_cases
    pairs = list(read(clone))
    with tempfile.TemporaryDirectory() as name:
        source = Path(name) / "src"
        source.mkdir()
        for path, _ in pairs:
            shutil.copyfile(path, source / path.name)
        everybody = looked(Path(name))
    cases = [case for _, case in pairs]
    scores = [score(by, cases, told) for by, told in everybody.items()]
    if arguments.as_json:
        sys.stdout.write(json.dumps([asdict(each) for each in scores], indent=2) + "\n")
        return
    rows = [f"{len(cases)} cases", "", *_HEAD, *(each.row() for each in scores)]
    sys.stdout.write("\n".join(rows) + "\n")


if __name__ == "__main__":
    main()
