"""The score of the scan counts issues and false alarms correctly."""

from __future__ import annotations

from pathlib import Path

from tests.benchmarks.detection import (
    Case,
    ChangeSource,
    benchmark_cases,
    example_cases,
    score,
)

RESULTS = """\
# test name, category, real vulnerability, cwe, Benchmark version: 0.1
BenchmarkTest00001,hash,true,328
BenchmarkTest00002,hash,false,328
"""
EXPECTED = """\
class FunctionalTests:
    def test_eval(self):
        expect = {
            "SEVERITY": {"UNDEFINED": 0, "LOW": 1, "MEDIUM": 2, "HIGH": 0},
            "CONFIDENCE": {"UNDEFINED": 0, "LOW": 0, "MEDIUM": 0, "HIGH": 3},
        }
        self.check_example("eval.py", expect)

    def test_hidden(self):
        expect = {"SEVERITY": {"LOW": 1}, "CONFIDENCE": {"LOW": 1}}
        self.check_example("hidden.py", expect)

    def test_something_else(self):
        self.assertTrue({})
"""


def told(name: str, line: int, *numbers: int) -> ChangeSource:
    return ChangeSource(name, line, frozenset(numbers))


def test_a_hit_counts_in_its_own_category_only() -> None:
    cases = [Case("a.py", "hash", 1), Case("b.py", "hash", 1), Case("c.py", "hash", 0)]
    right = score("x", cases, [told("a.py", 3, 324), told("b.py", 9, 311)])
    assert (right.found, right.issues, right.wrong, right.clean) == (1, 2, 0, 1)
    wrong = score("x", cases, [told("c.py", 3, 303)])
    assert (wrong.found, wrong.wrong) == (0, 1)
    assert wrong.row() == "| x | 0 of 2 (0.0%) | 1 of 1 (100.0%) |"


def test_duplicates_do_not_improve_the_score() -> None:
    cases = [Case("a.py", "", 2), Case("b.py", "", 0)]
    twice = [told("a.py", 3, 324), told("a.py", 3, 303)]
    assert score("x", cases, twice).found == 1
    many = [told("a.py", line, 324) for line in range(5)]
    assert score("x", cases, many).found == 2


def test_cases_are_read_from_the_clones(tmp_path: Path) -> None:
    (tmp_path / "expectedresults-0.1.csv").write_text(RESULTS, encoding="utf-8")
    cases = [case for _, case in benchmark_cases(tmp_path)]
    assert [(each.category, each.issues) for each in cases] == [
        ("hash", 1),
        ("hash", 0),
    ]
    tests = tmp_path / "tests" / "functional" / "test_functional.py"
    tests.parent.mkdir(parents=True)
    tests.write_text(EXPECTED, encoding="utf-8")
    examples = tmp_path / "examples"
    examples.mkdir()
    (examples / "eval.py").write_text("eval(1)\n", encoding="utf-8")
    (examples / "hidden.py").write_text("eval(1)  # nosec\n", encoding="utf-8")
    found = list(example_cases(tmp_path))
    assert found == [(examples / "eval.py", Case("eval.py", "", 3))]
