"""Tests before and after an adoption, compared one by one."""

from __future__ import annotations

from dataclasses import replace

from ci_engine.checks.tests.pytest_events import TestRun
from ci_engine.findings.results import TestCase
from ci_engine.processes.programs import Outcome
from ci_framework.validating.comparison import Compared, compare
from ci_framework.validating.suites import SuiteRun

FINE = Outcome(("pytest",), 0, "", "", 1.0)


def suite(ended: Outcome = FINE, *, code: int = 0, **outcomes: str) -> SuiteRun:
    tests = [TestCase(id=name, outcome=how) for name, how in outcomes.items()]
    bad = {name: "E  wrong" for name, how in outcomes.items() if how == "failed"}
    run = TestRun(tests=tests, finished=not ended.timed_out, code=code)
    return SuiteRun(outcomes, bad, run, ended)


def compared(
    before: SuiteRun,
    after: SuiteRun,
    again: tuple[SuiteRun, SuiteRun] | None = None,
) -> Compared:
    def once_more() -> tuple[SuiteRun, SuiteRun]:
        assert again is not None, "nobody needs another run"
        return again

    return compare("pytest", before, after, once_more)


def twice(before: SuiteRun, after: SuiteRun) -> Compared:
    return compared(before, after, (before, after))


def test_the_same_outcomes_pass_without_another_run() -> None:
    result = compared(suite(a="passed", b="failed"), suite(a="passed", b="failed"))
    assert result.outcome.status == "passed"
    assert result.red == {"b"}
    assert result.table is not None
    assert result.table.after == {"failed": 1, "passed": 1}


def test_a_test_that_fails_since_the_adoption_is_harm() -> None:
    result = twice(suite(a="passed"), suite(a="failed"))
    assert result.outcome.status == "failed"
    assert result.outcome.details == [
        "worse: a: before passed then passed, after failed then failed",
        "    E  wrong",
    ]
    assert result.red == frozenset()


def test_a_test_that_is_skipped_since_the_adoption_is_harm() -> None:
    assert twice(suite(a="passed"), suite(a="skipped")).outcome.status == "failed"
    assert twice(suite(a="skipped"), suite(a="failed")).outcome.status == "failed"
    assert twice(suite(a="xfailed"), suite(a="error")).outcome.status == "failed"


def test_a_changed_id_is_a_lost_test() -> None:
    result = twice(suite(a="passed"), suite(b="passed"))
    assert result.outcome.status == "failed"
    assert result.table is not None
    assert {item.test: item.kind for item in result.table.differences} == {
        "a": "lost",
        "b": "gained",
    }


def test_a_new_test_is_no_harm_unless_it_fails() -> None:
    before = suite(a="passed")
    assert twice(before, suite(a="passed", b="passed")).outcome.status == "passed"
    assert twice(before, suite(a="passed", b="failed")).outcome.status == "failed"


def test_a_test_that_passes_since_the_adoption_is_reported() -> None:
    result = twice(suite(a="failed"), suite(a="passed"))
    assert result.outcome.status == "passed"
    assert result.outcome.details[0].startswith("better: a")


def test_a_flaky_test_is_named_and_no_harm() -> None:
    again = (suite(a="failed", b="passed"), suite(a="failed", b="passed"))
    result = compared(
        suite(a="passed", b="passed"), suite(a="failed", b="passed"), again
    )
    assert result.outcome.status == "passed"
    assert "1 test is flaky" in result.outcome.reason
    assert result.outcome.details[0].startswith("flaky: a: before passed then failed")


def test_ids_that_differ_from_run_to_run_are_flaky() -> None:
    result = compared(
        suite(x1="passed"),
        suite(x2="passed"),
        (suite(x3="passed"), suite(x4="passed")),
    )
    assert result.outcome.status == "passed"
    assert "4 tests are flaky" in result.outcome.reason


def test_a_base_that_cannot_run_proves_nothing() -> None:
    late = Outcome(("pytest",), -9, "", "the end", 20.0, timed_out=True)
    result = compared(suite(late), suite(a="passed"))
    assert result.outcome.status == "not-run"
    assert "did not finish within 20 s" in result.outcome.reason
    assert result.outcome.details == ["the end"]


def test_tests_that_only_hang_after_the_adoption_are_harm() -> None:
    late = suite(Outcome(("pytest",), -9, "", "", 20.0, timed_out=True))
    result = compared(suite(a="passed"), late, (suite(a="passed"), late))
    assert result.outcome.status == "failed"
    assert "after the adoption the tests did not finish" in result.outcome.reason


def test_a_crash_that_does_not_come_again_is_no_harm() -> None:
    crashed = SuiteRun({}, {}, TestRun(finished=False), FINE)
    good = suite(a="passed")
    assert compared(good, crashed, (good, good)).outcome.status == "passed"


def test_a_project_without_tests_has_nothing_to_compare() -> None:
    assert compared(suite(code=5), suite(code=5)).outcome.status == "skipped"


def test_a_pytest_that_does_not_start_proves_nothing() -> None:
    wrong = Outcome(("pytest",), 4, "", "unknown option", 1.0)
    result = compared(suite(wrong, code=4), suite(wrong, code=4))
    assert result.outcome.status == "not-run"


def test_files_that_cannot_be_collected_prove_nothing() -> None:
    broken = TestCase(id="test_x.py", outcome="error", message="ModuleNotFoundError")
    run = TestRun(collection=[broken], finished=True, code=2)
    base = SuiteRun({"test_x.py": "error"}, {}, run, FINE)
    result = compared(base, base)
    assert result.outcome.status == "not-run"
    assert "1 file with tests could not be collected" in result.outcome.reason
    assert "ModuleNotFoundError" in result.outcome.details


def test_tests_that_all_lack_a_module_prove_nothing() -> None:
    lost = Outcome(("pytest",), 1, "", "ModuleNotFoundError: No module named 'x'", 1.0)
    none = replace(suite(a="failed"), ended=lost)
    result = compared(none, none)
    assert result.outcome.status == "not-run"
    assert "a module is missing" in result.outcome.reason
    assert "No module named 'x'" in "\n".join(result.outcome.details)
    some = replace(suite(a="failed", b="passed"), ended=lost)
    assert compared(some, some).outcome.status == "passed"
