"""Tests that fail, hang, crash or do not run. The clean twin: test_clean_project.py."""

from __future__ import annotations

import pytest

from tests.support.projects import (
    WITH_XDIST,
    DemoProject,
    Location,
    assert_green,
    assert_red,
)

MORE = "tests/test_more.py"
SKIPPED = 'import pytest\n\npytestmark = pytest.mark.skip(reason="not today")\n\n\n'


def test_a_failing_test_is_named_with_the_line_of_its_assertion(
    project: DemoProject,
) -> None:
    project.test_file(
        "def test_ok() -> None:\n    pass\n\n\n"
        "def test_wrong() -> None:\n    value = 2\n    assert value == 3\n"
    )
    run = project.gate("test")
    assert_red(run, "test", MORE, 7)
    (finding,) = run.findings("test")
    assert finding["test"] == f"{MORE}::test_wrong"
    assert "assert 2 == 3" in finding["message"]
    assert run.check("test")["rerun"].endswith(f"--only test -- {MORE}::test_wrong")
    outcomes = {test["id"]: test["outcome"] for test in run.check("test")["tests"]}
    assert outcomes == {
        "tests/test_demo.py::test_double": "passed",
        f"{MORE}::test_ok": "passed",
        f"{MORE}::test_wrong": "failed",
    }
    again = run.check("test")["rerun"].split(" -- ")[1]
    assert_red(project.gate("test", "--", again), "test", MORE, 7)
    assert_green(project.gate("test", "--", "tests/test_demo.py::test_double"))


@pytest.mark.heavy
def test_an_exception_raised_deeper_points_at_the_line_in_the_test(
    project: DemoProject,
) -> None:
    project.write(
        "src/demo/deep.py", 'def fail() -> None:\n    raise ValueError("deep")\n'
    )
    project.test_file(
        "from demo.deep import fail\n\n\ndef test_deep() -> None:\n    fail()\n"
    )
    assert_red(project.gate("test"), "test", MORE, 5)


@pytest.mark.heavy
def test_an_error_in_a_fixture_is_red(project: DemoProject) -> None:
    project.test_file(
        "import pytest\n\n\n@pytest.fixture\ndef broken() -> int:\n"
        '    raise RuntimeError("no")\n\n\n'
        "def test_it(broken: int) -> None:\n    assert broken\n"
    )
    run = project.gate("test")
    assert_red(run, "test", MORE, 6)
    assert run.rules("test") == ["test-error"]


@pytest.mark.heavy
def test_an_error_in_the_tear_down_is_red(project: DemoProject) -> None:
    project.test_file(
        "from collections.abc import Iterator\n\nimport pytest\n\n\n@pytest.fixture\n"
        "def broken() -> Iterator[int]:\n    yield 1\n"
        '    raise RuntimeError("no")\n\n\n'
        "def test_it(broken: int) -> None:\n    assert broken\n"
    )
    assert_red(project.gate("test"), "test", MORE, 9)


@pytest.mark.heavy
def test_an_import_error_in_a_test_file_is_red(project: DemoProject) -> None:
    project.test_file("import os\nimport no_such_module\n")
    run = project.gate("test")
    assert_red(run, "test", MORE, 2)
    assert "No module named 'no_such_module'" in run.findings("test")[0]["message"]


@pytest.mark.heavy
def test_a_syntax_error_in_a_test_file_is_red(project: DemoProject) -> None:
    project.test_file("VALUE = 1\n\n\ndef test_broken(:\n    pass\n")
    assert_red(project.gate("test"), "test", MORE, 4)


@pytest.mark.heavy
def test_a_syntax_error_in_the_source_is_red(project: DemoProject) -> None:
    project.write("src/demo/__init__.py", "def double(:\n")
    assert_red(project.gate("test"), "test", "tests/test_demo.py", 1)


@pytest.mark.heavy
@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("import os\nimport no_such_module\n", 2),
        ("VALUE = 1\n\n\ndef broken(:\n", 4),
        ("import os\n\nraise RuntimeError(os.name)\n", 3),
    ],
)
def test_a_broken_conftest_is_red(project: DemoProject, text: str, line: int) -> None:
    project.write("tests/conftest.py", text)
    assert_red(project.gate("test"), "test", "tests/conftest.py", line)


@pytest.mark.heavy
@pytest.mark.parametrize("code", [0, 5])
def test_a_conftest_that_ends_the_process_is_red(
    project: DemoProject, code: int
) -> None:
    project.write("tests/conftest.py", f"import sys\n\nsys.exit({code})\n")
    run = project.gate("test")
    assert run.code == 1, str(run)
    assert run.check("test")["reason"].startswith("pytest did not exit normally")


@pytest.mark.heavy
def test_a_hanging_test_is_killed_and_named_where_it_hangs(
    project: DemoProject,
) -> None:
    project.test_file(
        "import time\n\n\ndef wait() -> None:\n    time.sleep(600)\n\n\n"
        "def test_hangs() -> None:\n    assert True\n    wait()\n"
    )
    run = project.gate("test", "--timeout", "6")
    assert_red(run, "test", MORE, 5)
    assert run.check("test")["status"] == "timed-out"
    assert f"{MORE}::test_hangs" in run.check("test")["reason"]
    assert "TIMED OUT" in run.summary


@pytest.mark.heavy
def test_an_import_that_hangs_is_named_where_it_hangs(project: DemoProject) -> None:
    project.test_file("import time\n\ntime.sleep(600)\n")
    run = project.gate("test", "--timeout", "6")
    assert_red(run, "test", MORE, 3)
    assert run.check("test")["status"] == "timed-out"


@pytest.mark.heavy
def test_a_test_that_ends_the_process_without_an_error_is_red(
    project: DemoProject,
) -> None:
    project.test_file("import os\n\n\ndef test_gone() -> None:\n    os._exit(0)\n")
    run = project.gate("test,coverage")
    assert_red(run, "test", MORE, 4)
    assert run.check("coverage")["status"] == "not-run"


@pytest.mark.heavy
def test_a_test_process_that_is_killed_is_red(project: DemoProject) -> None:
    project.test_file(
        "import os\nimport signal\n\n\n"
        "def test_killed() -> None:\n    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    run = project.gate("test")
    assert_red(run, "test", MORE, 5)
    assert "SIGKILL" in run.check("test")["reason"]


@pytest.mark.heavy
def test_a_test_that_ends_pytest_as_if_all_were_well_is_red(
    project: DemoProject,
) -> None:
    project.test_file(
        "import pytest\n\n\ndef test_ends() -> None:\n"
        '    pytest.exit("enough", returncode=0)\n\n\n'
        "def test_wrong() -> None:\n    assert False\n"
    )
    assert_red(project.gate("test"), "test", MORE, 4)


def test_a_plugin_that_runs_only_some_of_the_tests_is_red(
    project: DemoProject,
) -> None:
    project.write(
        "tests/conftest.py",
        "import pytest\n\n\n"
        "def pytest_runtestloop(session: pytest.Session) -> bool:\n"
        "    first = session.items[0]\n"
        "    session.config.hook.pytest_runtest_protocol(item=first, nextitem=None)\n"
        "    return True\n",
    )
    project.test_file("def test_wrong() -> None:\n    assert False\n")
    run = project.gate("test")
    assert run.code == 1, str(run)
    assert run.check("test")["reason"] == "only 1 of 2 collected tests ran"


@pytest.mark.heavy
def test_an_interrupt_in_a_test_is_red(project: DemoProject) -> None:
    project.test_file("def test_stop() -> None:\n    raise KeyboardInterrupt\n")
    assert_red(project.gate("test"), "test", MORE, 1)


@pytest.mark.heavy
def test_a_conftest_that_wipes_the_exit_code_does_not_hide_a_failure(
    project: DemoProject,
) -> None:
    project.write(
        "tests/conftest.py",
        "import pytest\n\n\n"
        "def pytest_sessionfinish(session: pytest.Session) -> None:\n"
        "    session.exitstatus = 0\n",
    )
    project.test_file("def test_wrong() -> None:\n    assert False\n")
    assert_red(project.gate("test"), "test", MORE, 2)


@pytest.mark.heavy
def test_a_failure_with_half_a_character_in_it_is_kept(project: DemoProject) -> None:
    project.test_file(
        'def test_wrong() -> None:\n    raise ValueError("\\udcff \\x1b[31m \\x00")\n'
    )
    assert_red(project.gate("test"), "test", MORE, 2)


@pytest.mark.heavy
def test_a_pytest_that_a_test_starts_is_not_counted(project: DemoProject) -> None:
    project.write("nested/check_inner.py", "def test_inner():\n    assert False\n")
    project.test_file(
        "import subprocess\nimport sys\n\n\ndef test_outer() -> None:\n"
        '    words = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider"]\n'
        '    words += ["nested/check_inner.py"]\n'
        "    done = subprocess.run(words, capture_output=True)\n"
        "    assert done.returncode == 1, done.stdout\n"
    )
    run = project.gate("test")
    assert_green(run)
    assert len(run.check("test")["tests"]) == 2


@pytest.mark.heavy
def test_a_pytest_that_a_test_starts_does_not_hide_a_crash(
    project: DemoProject,
) -> None:
    project.test_file(
        "import os\nimport subprocess\nimport sys\n\n\ndef test_outer() -> None:\n"
        '    words = [sys.executable, "-m", "pytest", "tests/test_demo.py"]\n'
        "    subprocess.run(words, capture_output=True)\n    os._exit(0)\n"
    )
    assert_red(project.gate("test"), "test", MORE, 6)


@pytest.mark.heavy
def test_no_collected_test_is_red(project: DemoProject) -> None:
    project.write("tests/test_demo.py", "def check_nothing() -> None:\n    pass\n")
    run = project.gate("test")
    assert run.code == 1
    assert run.check("test")["reason"] == "no tests were collected"
    assert "no tests were collected" in run.summary
    assert run.junit.find("testsuite[@name='test']/testcase/failure") is not None


def test_a_project_without_tests_is_reported(project: DemoProject) -> None:
    (project.root / "tests/test_demo.py").unlink()
    run = project.gate("test")
    assert_green(run)
    assert run.check("test")["status"] == "skipped"
    assert run.check("test")["reason"] == "this project has no tests (no test_*.py)"


@pytest.mark.heavy
def test_a_project_that_names_its_test_files_otherwise_is_tested(
    project: DemoProject,
) -> None:
    (project.root / "tests/test_demo.py").unlink()
    project.replace(
        "pyproject.toml",
        'testpaths = ["tests"]',
        'testpaths = ["checks"]\npython_files = ["check_*.py"]',
    )
    project.write("checks/check_demo.py", "def test_wrong():\n    assert False\n")
    assert_red(project.gate("test"), "test", "checks/check_demo.py", 2)


@pytest.mark.heavy
def test_tests_that_are_all_skipped_are_red(project: DemoProject) -> None:
    project.write("tests/test_demo.py", f"{SKIPPED}def test_a() -> None:\n    pass\n")
    run = project.gate("test")
    assert run.code == 1
    assert "all 1 tests were skipped" in run.check("test")["reason"]


@pytest.mark.heavy
def test_modules_that_are_all_skipped_are_red(project: DemoProject) -> None:
    text = 'import pytest\n\npytest.skip("no", allow_module_level=True)\n'
    project.write("tests/test_demo.py", text)
    assert project.gate("test").code == 1


@pytest.mark.heavy
def test_tests_that_are_all_deselected_are_red(project: DemoProject) -> None:
    project.replace(
        "pyproject.toml", "testpaths", 'addopts = ["-k", "nothing_like_it"]\ntestpaths'
    )
    run = project.gate("test")
    assert run.code == 1
    assert run.check("test")["reason"] == "no tests were collected"


@pytest.mark.heavy
def test_collecting_without_running_is_red(project: DemoProject) -> None:
    variables = {"PYTEST_ADDOPTS": "--collect-only"}
    assert project.gate("test", variables=variables).code == 1


@pytest.mark.heavy
def test_some_skipped_and_expected_failures_are_green(project: DemoProject) -> None:
    project.test_file(
        "import pytest\n\n\n@pytest.mark.skip\ndef test_skipped() -> None:\n"
        "    pass\n\n\n@pytest.mark.xfail\ndef test_xfail() -> None:\n"
        "    assert False\n\n\n@pytest.mark.xfail\n"
        "def test_xpass() -> None:\n    pass\n"
    )
    run = project.gate("test")
    assert_green(run)
    outcomes = [test["outcome"] for test in run.check("test")["tests"]]
    assert sorted(outcomes) == ["passed", "skipped", "xfailed", "xpassed"]


@pytest.mark.heavy
def test_an_unexpected_pass_is_red_where_the_project_is_strict(
    project: DemoProject,
) -> None:
    project.test_file(
        "import pytest\n\n\n@pytest.mark.xfail(strict=True)\n"
        "def test_xpass() -> None:\n    pass\n"
    )
    assert_red(project.gate("test"), "test", MORE, 4)


# Now and then xdist waits a minute for a worker that has crashed.
@pytest.mark.heavy
def test_a_dead_worker_of_xdist_is_named_with_its_test(project: DemoProject) -> None:
    project.replace("pyproject.toml", "testpaths", 'addopts = "-n 1"\ntestpaths')
    assert_green(project.gate("test", variables=WITH_XDIST))
    project.test_file("import os\n\n\ndef test_gone() -> None:\n    os._exit(0)\n")
    run = project.gate("test", variables=WITH_XDIST)
    assert run.code == 1, str(run)
    (finding,) = run.findings("test")
    assert finding["test"] == f"{MORE}::test_gone"
    assert finding["path"] == MORE


@pytest.mark.heavy
def test_a_usage_error_of_pytest_is_red(project: DemoProject) -> None:
    project.replace(
        "pyproject.toml", "testpaths", 'addopts = "--no-such-option"\ntestpaths'
    )
    run = project.gate("test")
    assert run.code == 1
    assert "no-such-option" in run.summary


@pytest.mark.heavy
def test_warnings_of_pytest_are_green(project: DemoProject) -> None:
    project.test_file(
        'import warnings\n\n\ndef test_it() -> None:\n    warnings.warn("old")\n'
    )
    assert_green(project.gate("test"))


@pytest.mark.heavy
def test_modules_beside_our_plugin_do_not_replace_those_of_the_project(
    project: DemoProject,
) -> None:
    project.write("src/probe.py", "NAME = 'of the project'\n")
    project.replace("pyproject.toml", 'pythonpath = ["src"]\n', "")
    project.write(
        "tests/conftest.py",
        "import sys\nfrom pathlib import Path\n\n"
        'sys.path.append(str(Path(__file__).parent.parent / "src"))\n',
    )
    project.test_file(
        "import probe\n\n\ndef test_it() -> None:\n"
        '    assert probe.NAME == "of the project"\n'
    )
    assert_green(project.gate("test"))


@pytest.mark.heavy
def test_output_of_the_tests_is_kept(project: DemoProject) -> None:
    project.test_file('def test_it() -> None:\n    print("x")\n    assert False\n')
    run = project.gate("test")
    text = (run.reports / "pytest-output.txt").read_text(encoding="utf-8")
    assert "1 failed, 1 passed" in text
    assert run.locations("test") == [Location(MORE, 3)]
