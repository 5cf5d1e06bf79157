"""Every test is counted once, and those that did not run are named."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Mapping

import pytest

from ci_engine.checks.tests.pytest_events import TestRun
from ci_engine.checks.tests.pytest_verdict import without_events
from ci_engine.checks.tests.unrun_tests import notes_on
from ci_engine.findings.results import Status
from ci_engine.processes.programs import Outcome
from tests.support.projects import TESTS, WITH_XDIST, DemoProject, Run

DEMO, MORE = "tests/test_demo.py", "tests/test_more.py"
GREEN = {"passed": 1}
MARKED = "import pytest\n\n\n@pytest.mark.{}\ndef test_a(x) -> None:\n    assert x\n"
ONE = MARKED.replace("(x)", "()").replace("assert x", "assert 0")
SKIP = "import pytest\n\npytest.{}\n\n\ndef test_a() -> None:\n    pass\n"
UNITTEST = "import unittest\n\n\n{}\n\n\nclass TestA(unittest.TestCase):\n{}"
METHOD = "    def test_a(self) -> None:\n        pass\n"

# What stands beside a test that passes, and how it is counted.
BESIDE = {
    "module-level importorskip": (
        SKIP.format('importorskip("nope_module")'),
        "not-collected",
    ),
    "module-level skip": (
        SKIP.format('skip("no", allow_module_level=True)'),
        "not-collected",
    ),
    "module-level SkipTest": (
        UNITTEST.format('raise unittest.SkipTest("no")', METHOD),
        "not-collected",
    ),
    "skip": (ONE.format("skip"), "skipped"),
    "skipif": (ONE.format('skipif(True, reason="no")'), "skipped"),
    "empty parameter set": (MARKED.format('parametrize("x", [])'), "skipped"),
    "xfail that runs": (ONE.format("xfail"), "xfailed"),
    "xfail that does not run": (ONE.format("xfail(run=False)"), "xfailed"),
    "unittest skip": (
        UNITTEST.format("", f'    @unittest.skip("no")\n{METHOD}'),
        "skipped",
    ),
}
# What leaves tests/test_more.py out, and how it is counted.
OPTIONS = {
    "-k double": "deselected",
    "-m no_such_mark": "deselected",
    f"--deselect {MORE}::test_more": "deselected",
    f"--ignore {MORE}": "not-collected",
    "--ignore-glob *more*": "not-collected",
}
HOOKS = {
    'collect_ignore = ["test_more.py"]\n': "not-collected",
    'collect_ignore_glob = ["*more*"]\n': "not-collected",
    "def pytest_ignore_collect(collection_path):\n"
    '    return "more" in collection_path.name or None\n': "not-collected",
    "def pytest_collection_modifyitems(items):\n"
    '    items[:] = [i for i in items if "more" not in i.name]\n': ("deselected"),
    "def pytest_runtest_protocol(item):\n"
    '    return "more" in item.name or None\n': "not-run",
}


def counts(run: Run) -> dict[str, int]:
    return Counter(test["outcome"] for test in run.check("test")["tests"])


def assert_named(run: Run, name: str) -> None:
    """Console, Markdown and JUnit name what did not run."""
    assert name in run.stdout, str(run)
    assert name in run.summary.replace("\\", ""), run.summary
    cases = run.junit.findall("testsuite[@name='test']/testcase[skipped]")
    assert [case.get("name") for case in cases] == [name]


@pytest.mark.heavy
def test_what_stands_beside_a_test_is_counted(project: DemoProject) -> None:
    expected = {f"{DEMO}::test_double": "passed"}
    for number, (text, outcome) in enumerate(BESIDE.values()):
        name = f"tests/test_{number}.py"
        project.write(name, text)
        expected[name] = outcome
    run = project.gate("test")
    assert run.code == 0, str(run)
    found = {test["id"]: test["outcome"] for test in run.check("test")["tests"]}
    assert {
        name if "demo" in name else name.partition("::")[0]: outcome
        for name, outcome in found.items()
    } == expected
    for name, outcome in expected.items():
        assert name in run.stdout or outcome != "not-collected"
        assert name in run.summary.replace("\\", "") or outcome != "not-collected"
    assert len(run.junit.findall(".//testcase[skipped]")) == len(BESIDE)


@pytest.mark.heavy
@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("module-level skip", "no tests were collected"),
        ("skip", "all 1 tests were skipped: nothing was tested"),
        ("xfail that does not run", "none of 1 tests ran: nothing was tested"),
    ],
)
def test_where_nothing_ran_nothing_is_green(
    project: DemoProject, name: str, reason: str
) -> None:
    text, outcome = BESIDE[name]
    project.write(DEMO, text)
    run = project.gate("test")
    assert run.code == 1, str(run)
    assert counts(run) == {outcome: 1}
    assert run.check("test")["reason"] == reason


@pytest.mark.heavy
@pytest.mark.parametrize("option", OPTIONS)
def test_an_option_that_leaves_tests_out_is_seen(
    project: DemoProject, option: str
) -> None:
    project.test_file("def test_more() -> None:\n    pass\n")
    run = project.gate("test", variables={"PYTEST_ADDOPTS": option})
    both = "-m" in option
    assert run.code == (1 if both else 0), str(run)
    left_out = {OPTIONS[option]: 2 if both else 1}
    assert counts(run) == (left_out if both else {**GREEN, **left_out})
    if not both:
        file = OPTIONS[option] == "not-collected"
        assert_named(run, MORE if file else f"{MORE}::test_more")


@pytest.mark.heavy
@pytest.mark.parametrize("hook", HOOKS)
def test_a_hook_that_leaves_tests_out_is_seen(project: DemoProject, hook: str) -> None:
    project.test_file("def test_more() -> None:\n    pass\n")
    project.write("tests/conftest.py", hook)
    run = project.gate("test")
    outcome = HOOKS[hook]
    assert run.code == (1 if outcome == "not-run" else 0), str(run)
    assert counts(run) == {**GREEN, outcome: 1}
    assert_named(run, MORE if outcome == "not-collected" else f"{MORE}::test_more")


@pytest.mark.heavy
def test_a_directory_outside_of_testpaths_is_named(project: DemoProject) -> None:
    project.write("checks/test_other.py", TESTS)
    run = project.gate("test")
    assert counts(run) == {**GREEN, "not-collected": 1}
    assert_named(run, "checks/test_other.py")
    # Users who name the tests to run know that the others are left out.
    assert counts(project.gate("test", "--", DEMO)) == GREEN


@pytest.mark.heavy
def test_workers_of_xdist_name_what_they_leave_out(project: DemoProject) -> None:
    project.test_file("def test_more() -> None:\n    pass\n")
    options = {**WITH_XDIST, "PYTEST_ADDOPTS": "-n2 -k double"}
    run = project.gate("test", variables=options)
    assert counts(run) == {**GREEN, "deselected": 1}


@pytest.mark.heavy
def test_after_the_first_failure_the_rest_is_named(project: DemoProject) -> None:
    project.write(DEMO, f"def test_0() -> None:\n    assert False\n\n\n{TESTS}")
    run = project.gate("test", variables={"PYTEST_ADDOPTS": "-x"})
    assert counts(run) == {"failed": 1, "not-run": 1}
    assert_named(run, f"{DEMO}::test_double")


PLUGIN = '''\
"""Repeats failing tests, as pytest-rerunfailures does."""

from _pytest.runner import runtestprotocol


def pytest_runtest_protocol(item, nextitem):
    hook = item.ihook
    for attempt in range(3):
        hook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
        reports = runtestprotocol(item, nextitem=nextitem, log=False)
        failed = any(report.failed for report in reports)
        for report in reports:
            if failed and report.failed and attempt < 2:
                report.outcome = "rerun"
            hook.pytest_runtest_logreport(report=report)
        if not failed:
            break
    return True


def pytest_report_teststatus(report):
    return ("rerun", "R", "RERUN") if report.outcome == "rerun" else None
'''
FLAKY = """\
TIMES = []


def test_flaky() -> None:
    TIMES.append(1)
    assert len(TIMES) == 3


def test_wrong() -> None:
    assert False
"""


@pytest.mark.heavy
def test_the_last_attempt_counts_and_flaky_tests_are_shown(
    project: DemoProject,
) -> None:
    project.write("tests/conftest.py", PLUGIN)
    project.test_file(FLAKY)
    run = project.gate("test")
    assert counts(run) == {"passed": 1, "flaky": 1, "failed": 1}
    assert f"1 flaky: {MORE}::test_flaky" in run.check("test")["notes"]
    project.test_file(FLAKY.partition("\n\n\ndef test_wrong")[0] + "\n")
    run = project.gate("test")
    assert run.code == 0, str(run)
    assert "1 passed, 1 flaky" in run.stdout
    names = [case.get("name") for case in run.junit.iter("testcase")]
    assert len(names) == len(set(names)) == 2
    assert len(run.junit.findall(".//testcase/flakyFailure")) == 1


@pytest.mark.heavy
def test_attempts_do_not_hide_tests_that_never_ran(project: DemoProject) -> None:
    text = "    if 'left' in item.name:\n        return True\n    hook = item.ihook\n"
    project.write("tests/conftest.py", PLUGIN.replace("    hook = item.ihook\n", text))
    left = "def test_left_1() -> None:\n    pass\n\n\ndef test_left_2() -> None:\n"
    project.test_file(f"{FLAKY.partition('def test_wrong')[0]}{left}    pass\n")
    run = project.gate("test")
    assert run.code == 1, str(run)
    assert counts(run) == {**GREEN, "flaky": 1, "not-run": 2}
    assert run.check("test")["reason"] == "only 2 of 4 collected tests ran"


@pytest.mark.heavy
def test_parts_of_a_test_that_are_skipped_do_not_skip_it(project: DemoProject) -> None:
    parts = (
        "import unittest\n\n\nclass TestParts(unittest.TestCase):\n"
        "    def test_parts(self) -> None:\n        with self.subTest():\n"
        '            self.skipTest("no")\n        with self.subTest():\n'
        "            assert True\n"
    )
    project.test_file(parts)
    assert counts(project.gate("test")) == {"passed": 2}


NO_TESTS: Mapping[str, str] = {
    "src/demo/testing.py": "def test_helper() -> None:\n    pass\n",
    "tests/__init__.py": "",
    "tests/conftest.py": "",
    "tests/helpers.py": "VALUE = 1\n",
}


@pytest.mark.heavy
def test_files_that_hold_no_tests_are_no_tests(project: DemoProject) -> None:
    (project.root / DEMO).unlink()
    for name, text in NO_TESTS.items():
        project.write(name, text)
    run = project.gate("test,coverage")
    assert run.code == 0, str(run)
    assert run.check("test")["status"] == run.check("coverage")["status"] == "skipped"
    project.write("tests/wrongly_named.py", "def test_a() -> None:\n    pass\n")
    assert project.gate("test").code == 1


@pytest.mark.heavy
@pytest.mark.skipif(sys.platform == "win32", reason="needs fork")
def test_a_process_that_a_test_forks_may_fail(project: DemoProject) -> None:
    """As pytest-forked does; a timer for the stack would stop it forever."""
    project.test_file(
        "import os\n\n\ndef test_forked(request) -> None:\n    child = os.fork()\n"
        "    if not child:\n        hook = request.node.ihook\n"
        "        hook.pytest_exception_interact(node=request.node, call=None,"
        " report=None)\n"
        "        os._exit(3)\n    assert os.waitpid(child, 0)[1] == 0\n"
    )
    project.configure("[tool.ci-framework.checks.test]\ntimeout = 20\n")
    run = project.gate("test")
    assert counts(run) == {**GREEN, "failed": 1}, str(run)


@pytest.mark.heavy
def test_a_hang_after_a_failure_is_located(project: DemoProject) -> None:
    project.test_file(
        "import time\n\n\ndef test_wrong() -> None:\n    assert False\n\n\n"
        "def test_hangs() -> None:\n    time.sleep(100)\n"
    )
    project.configure("[tool.ci-framework.checks.test]\ntimeout = 3\n")
    run = project.gate("test")
    assert run.check("test")["status"] == "timed-out"
    found = {(f["test"], f["line"]) for f in run.findings("test")}
    assert found == {(f"{MORE}::test_wrong", 5), (f"{MORE}::test_hangs", 9)}


@pytest.mark.heavy
def test_a_hang_in_a_worker_of_xdist_is_located(project: DemoProject) -> None:
    project.test_file(
        "import time\n\n\ndef test_hangs() -> None:\n    time.sleep(99)\n"
    )
    project.configure("[tool.ci-framework.checks.test]\ntimeout = 8\n")
    run = project.gate("test", variables={**WITH_XDIST, "PYTEST_ADDOPTS": "-n1"})
    (finding,) = run.findings("test")
    assert (finding["path"], finding["line"]) == (MORE, 5)


@pytest.mark.heavy
def test_a_failure_in_an_installed_package_stands_in_the_project(
    project: DemoProject,
) -> None:
    """The environment may be in the repository: its files are not the project's."""
    site = "lib/python3/site-packages"
    project.write(f"{site}/wrong.py", "def call():\n    raise OSError\n")
    project.write(
        "tests/conftest.py",
        f"import sys\n\nimport pytest\n\nsys.path.append({site!r})\n\n\n"
        "@pytest.fixture\ndef wrong():\n    import wrong\n\n    wrong.call()\n",
    )
    project.test_file("def test_a(wrong) -> None:\n    pass\n")
    run = project.gate("test")
    found = [(f["path"], f["line"]) for f in run.findings("test")]
    assert found == [("tests/conftest.py", 12)]


def test_no_note_where_everything_ran() -> None:
    assert notes_on(TestRun().tests) == []


NOX = "nox > Running session tests\nnox > Session tests {}\n"
TOX = "  congratulations :)\n"


def ran(output: str) -> Status:
    outcome = Outcome(("tests",), 0, output, "", 0.1)
    return without_events(outcome, divided=False).status


@pytest.mark.parametrize(
    ("output", "status"),
    [
        ("Ran 0 tests in 0.000s\n\nOK\n", Status.FAILED),
        ("Ran 0 tests in 0.000s\n\nNO TESTS RAN\n", Status.FAILED),
        ("Ran 3 tests in 0.1s\n\nOK (skipped=3)\n", Status.FAILED),
        ("Ran 3 tests in 0.1s\n\nOK (expected failures=1, skipped=2)\n", Status.PASSED),
        ("Ran 3 tests in 0.1s\n\nOK (skipped=2)\n", Status.PASSED),
        ("Ran 0 tests in 0s\n\nOK\nRan 1 test in 0.1s\n\nOK\n", Status.PASSED),
        ("===== 3 skipped, 1 deselected in 0.10s =====\n", Status.FAILED),
        ("no tests ran in 0.01s\n", Status.FAILED),
        ("2 passed, 1 warning in 0.01s\n", Status.PASSED),
        ("== 2 xfailed in 0.01s ==\n", Status.PASSED),
        (NOX.format("skipped: Python interpreter 3.99 not found."), Status.FAILED),
        (NOX.format("was successful in 3 seconds."), Status.PASSED),
        (NOX.format("skipped: no.") + NOX.format("was successful."), Status.PASSED),
        (f"SKIPPED:  py399: InterpreterNotFound: python3.99\n{TOX}", Status.FAILED),
        ("  py399: SKIP (0.70 seconds)\n", Status.FAILED),
        (f"SKIPPED:  py399: no\n  py311: commands succeeded\n{TOX}", Status.PASSED),
        ("  py399: SKIP (0.70 seconds)\n  py311: OK (1.00 seconds)\n", Status.PASSED),
        ("all is well\n", Status.PASSED),
        ("", Status.PASSED),
    ],
)
def test_a_command_whose_last_line_says_that_nothing_ran_is_red(
    output: str, status: Status
) -> None:
    assert ran(output) is status


def test_unittest_that_finds_no_test_is_red(project: DemoProject) -> None:
    command = ["python", "-m", "unittest", "discover", "src"]
    project.configure(f"[tool.ci-framework.commands]\ntest = {command}\n")
    run = project.run("gate", "--only", "test")
    assert run.code == 1, str(run)
    # Since 3.12 unittest itself ends with an exit code for it.
    reasons = ("no test ran, or every test was skipped", "exit code 5")
    assert run.check("test")["reason"] in reasons


@pytest.mark.heavy
def test_sessions_that_were_skipped_are_named(project: DemoProject) -> None:
    """Also where another session did start pytest."""
    skipped = NOX.format("skipped: Python interpreter 3.99 not found.").strip()
    command = ["sh", "-c", f"echo '{skipped}'; pytest | cat"]
    project.configure(f"[tool.ci-framework.commands]\ntest = {json.dumps(command)}\n")
    run = project.gate("test")
    assert run.code == 0, str(run)
    assert "1 session was skipped: tests" in run.stdout
    # The pipe hides the exit code: https://github.com/pytest-dev/pytest/issues/913
    project.test_file("def test_more() -> None:\n    assert False\n")
    assert project.gate("test").code == 1
