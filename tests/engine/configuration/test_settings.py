"""Settings: wrong values, their messages, and the order of the sources."""

from __future__ import annotations

import pytest

from tests.support.projects import DemoProject, Run, assert_green, assert_red

CHECK = "no-conflict-markers"
TABLE = "tool.ci-framework"


def line_of(project: DemoProject, text: str, name: str = "pyproject.toml") -> int:
    rows = project.read(name).splitlines()
    return next(number for number, row in enumerate(rows, 1) if text in row)


def assert_refused(run: Run, *words: str) -> None:
    """Exit code 2, the expected message, and nothing was run."""
    assert run.code == 2, str(run)
    assert run.stdout == ""
    assert "Traceback" not in run.stderr
    for word in words:
        assert word in run.stderr, f"{word!r} is not in\n{run.stderr}"
    assert not (run.reports / "result.json").exists()


@pytest.mark.parametrize(
    ("table", "marker", "words"),
    [
        (
            '[tool.ci-framework.matrix]\npython-versions = "3.12"\n',
            "python-versions",
            (
                f"{TABLE}.matrix.python-versions",
                "expected a non-empty list",
                "got '3.12'",
            ),
        ),
        (
            "[tool.ci-framework.matrix]\npython-versions = []\n",
            "python-versions",
            ("got an empty list",),
        ),
        (
            '[tool.ci-framework.matrix]\nplatforms = ["linux", "amiga"]\n',
            "amiga",
            (f"{TABLE}.matrix.platforms[1]", "'amiga'", "'linux', 'macos', 'windows'"),
        ),
        (
            "[tool.ci-framework.environments]\nessential = 3\n",
            "essential = 3",
            (f"{TABLE}.environments.essential", "got 3", "expected a string"),
        ),
        (
            "[tool.ci-framework.checks.lint]\ntimeout = 0\n",
            "timeout",
            (f"{TABLE}.checks.lint.timeout", "got 0", "expected a number above 0"),
        ),
        (
            "[tool.ci-framework.checks]\nlint.timout = 5\n",
            "timout",
            (f"unknown key 'timout' in {TABLE}.checks.lint; did you mean 'timeout'?",),
        ),
        (
            "[tool.ci-framework.checks.lnt]\ntimeout = 5\n",
            "checks.lnt",
            (f"{TABLE}.checks.lnt", "'lint'"),
        ),
        (
            '[tool.ci-framework.commands]\ntest = "pytest \'tests"\n',
            "test = ",
            (f"{TABLE}.commands.test", "no closing quotation"),
        ),
        (
            '[tool.ci-framework.commands]\nlint = "  "\n',
            "lint = ",
            (f"{TABLE}.commands.lint", "empty"),
        ),
        (
            "[tool.ci-framework.commands]\nlint = []\n",
            "lint = ",
            (f"{TABLE}.commands.lint", "a non-empty list"),
        ),
        (
            "[tool.ci-framework.commands]\nlint = { run = 1 }\n",
            "lint = ",
            (f"{TABLE}.commands.lint", "got a table"),
        ),
    ],
)
def test_a_setting_that_does_not_fit_is_refused(
    project: DemoProject, table: str, marker: str, words: tuple[str, ...]
) -> None:
    project.configure(table)
    line = line_of(project, marker)
    assert_refused(project.gate(), f"pyproject.toml:{line}: ", *words)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("= 90", '= "90"', ("got '90'", "an integer from 0 to 100")),
        ("= 90", "= 101", ("got 101", "an integer from 0 to 100")),
        ("= 90", "= true", ("got true", "an integer from 0 to 100")),
        ("= 90", "= 90.5", ("got 90.5", "an integer from 0 to 100")),
        (
            "coverage-threshold",
            "coverage_threshold",
            ("unknown key 'coverage_threshold'", "did you mean"),
        ),
        (
            'coverage-threshold = 90\ntier = "essential"',
            'tier = "all"',
            ("'all'", "'essential'"),
        ),
    ],
)
def test_a_value_that_does_not_fit_is_refused_with_its_line(
    project: DemoProject, old: str, new: str, words: tuple[str, ...]
) -> None:
    line = line_of(project, "coverage-threshold")
    project.replace("pyproject.toml", old, new)
    location = f"pyproject.toml:{line}: "
    assert_refused(project.gate(), location, f"{TABLE}.quality", *words)


def test_all_mistakes_are_named_at_once(project: DemoProject) -> None:
    project.configure(
        "[tool.ci-framework.securty]\nlevel = 3\n\n"
        "[tool.ci-framework.checks.test]\nblocking = 1\n"
    )
    project.replace("pyproject.toml", "= 90", '= "x"')
    run = project.gate()
    assert_refused(
        run, f"unknown key 'securty' in {TABLE};", f"{TABLE}.checks.test.blocking:"
    )
    assert run.stderr.count("pyproject.toml:") == 3


@pytest.mark.parametrize(
    "table", ['tool = 3\n[other]\nx = "', "[tool]\nci-framework = 3\n"]
)
def test_a_table_that_is_none_is_refused(project: DemoProject, table: str) -> None:
    project.write("pyproject.toml", table.replace('[other]\nx = "', ""))
    assert_refused(project.gate(), "pyproject.toml: tool", "expected a table, got 3")


def test_broken_toml_is_refused_with_its_line(project: DemoProject) -> None:
    project.write("pyproject.toml", '[project]\nname = "demo"\nversion = \n')
    assert_refused(project.gate(), "pyproject.toml", "not valid TOML", "line 3")


def test_conflict_markers_in_pyproject_are_called_so(project: DemoProject) -> None:
    text = project.read("pyproject.toml")
    conflict = '<<<<<<< ours\nversion = "1"\n=======\nversion = "2"\n>>>>>>> theirs\n'
    project.write("pyproject.toml", text + conflict)
    line = line_of(project, "<<<<<<<")
    assert_refused(
        project.gate(), f"line {line} is a conflict marker of an unfinished merge"
    )


def test_a_file_that_is_not_utf_8_is_refused(project: DemoProject) -> None:
    project.write("pyproject.toml", b'[project]\nname = "caf\xe9"\n')
    assert_refused(project.gate(), "pyproject.toml: not UTF-8")


def test_a_byte_order_mark_and_windows_line_ends_are_fine(project: DemoProject) -> None:
    text = project.read("pyproject.toml")
    project.write("pyproject.toml", b"\xef\xbb\xbf" + text.encode())
    assert_green(project.gate(CHECK))
    project.write("pyproject.toml", text.replace("\n", "\r\n"))
    assert_green(project.gate(CHECK))
    wrong = text.replace("= 90", "= -1").replace("\n", "\r\n")
    project.write("pyproject.toml", b"\xef\xbb\xbf" + wrong.encode())
    line = line_of(project, "= -1")
    assert_refused(project.gate(CHECK), f"pyproject.toml:{line}: {TABLE}.quality")


def test_a_refused_run_leaves_no_report_of_an_earlier_one(project: DemoProject) -> None:
    assert_green(project.gate(CHECK))
    project.replace("pyproject.toml", "= 90", "= 101")
    run = project.gate(CHECK)
    assert run.code == 2
    left = sorted(path.name for path in run.reports.iterdir())
    assert left == []


def test_without_pyproject_the_settings_are_in_a_file_of_their_own(
    project: DemoProject,
) -> None:
    (project.root / "pyproject.toml").unlink()
    assert_green(project.gate(CHECK))
    project.write(
        "ci-framework.toml", "[tool.ci-framework.quality]\nfail-fast = 'yes'\n"
    )
    assert_refused(project.gate(CHECK), "ci-framework.toml:2: ", "true or false")


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("QUALITY_COVERAGE_THRESHOLD", "high", ("'high'", "an integer from 0 to 100")),
        ("QUALITY_FAIL_FAST", "maybe", ("'maybe'", "true or false")),
        ("QUALITY_TIER", "all", ("'all'", "'essential'")),
        ("CHECKS_TEST_TIMEOUT", "-1", ("'-1'", "a number above 0")),
        ("MATRIX_PYTHON_VERSIONS", "3.12,4.0", ("'3.12,4.0'",)),
        ("COMMANDS_LINT", "ruff 'x", ("ruff 'x",)),
        ("QUALITY_TEIR", "x", ("did you mean 'CI_FRAMEWORK_QUALITY_TIER'?",)),
        ("NONSENSE", "3", ("known: ", "CI_FRAMEWORK_QUALITY_COVERAGE_THRESHOLD")),
    ],
)
def test_a_variable_that_does_not_fit_is_refused(
    project: DemoProject, name: str, value: str, words: tuple[str, ...]
) -> None:
    name = f"CI_FRAMEWORK_{name}"
    run = project.gate(variables={name: value})
    assert_refused(run, "environment: ", name, *words)


def test_empty_variables_are_as_good_as_none(project: DemoProject) -> None:
    names = ("QUALITY_TIER", "QUALITY_FAIL_FAST", "QUALITY_COVERAGE_THRESHOLD")
    variables = {f"CI_FRAMEWORK_{name}": "" for name in names}
    assert_green(project.gate(CHECK, variables=variables))


def _threshold(run: Run) -> str:
    reason: str = run.check("coverage")["reason"]
    return reason.partition(" % covered, ")[2].partition(" ")[0]


@pytest.mark.heavy
def test_the_stronger_layer_wins(project: DemoProject) -> None:
    """Defaults < project < environment < command line."""
    project.write("src/demo/worst.py", "\n".join(f"A{n} = 1" for n in range(60)) + "\n")
    both, option = "test,coverage", ("--coverage-threshold", "77")
    variables = {"CI_FRAMEWORK_QUALITY_COVERAGE_THRESHOLD": "66"}
    project.replace("pyproject.toml", "= 90", "= 55")
    assert _threshold(project.gate(both, *option, variables=variables)) == "77"
    assert _threshold(project.gate(both, variables=variables)) == "66"
    assert _threshold(project.gate(both)) == "55"
    project.replace("pyproject.toml", "coverage-threshold = 55", "")
    assert _threshold(project.gate(both)) == "90"


def test_a_layer_changes_only_what_it_names(project: DemoProject) -> None:
    project.configure("[tool.ci-framework.checks.lint]\nblocking = false\n")
    project.write("src/demo/more.py", "import os\n")
    variables = {"CI_FRAMEWORK_CHECKS_LINT_TIMEOUT": "50"}
    run = project.gate("lint", variables=variables)
    assert run.check("lint")["blocking"] is False
    assert_green(run)


def test_a_check_that_does_not_block_warns(project: DemoProject) -> None:
    project.write("src/demo/more.py", "import os\n")
    assert_red(project.gate("lint"), "lint", "src/demo/more.py", 1)
    project.configure("[tool.ci-framework.checks.lint]\nblocking = false\n")
    run = project.gate("lint,format")
    assert_green(run)
    assert run.check("lint")["status"] == "failed"
    assert "| lint | warned |" in run.summary
    assert "src/demo/more.py:1" in run.summary


def test_a_time_limit_of_one_check_kills_that_check_only(project: DemoProject) -> None:
    project.configure(
        "[tool.ci-framework.checks.format]\ntimeout = 0.5\n\n"
        '[tool.ci-framework.commands]\nformat = "sleep 60"\n'
    )
    run = project.gate("lint,format")
    assert run.code == 1
    assert run.check("format")["status"] == "timed-out"
    assert run.check("lint")["status"] == "passed"


@pytest.mark.parametrize("check", ["no-conflict-markers", "lint", "typecheck"])
def test_an_own_command_decides_by_its_exit_code(
    project: DemoProject, check: str
) -> None:
    project.configure(
        f"[tool.ci-framework.commands]\n{check} = "
        "\"python -c 'import sys; sys.exit(sys.argv[1:] == [])' x\"\n"
    )
    run = project.gate(check)
    assert_green(run)
    assert run.check(check)["environment"] == "the project's own command"
    project.replace("pyproject.toml", "' x", "'")
    run = project.gate(check)
    assert run.code == 1, str(run)
    assert run.check(check)["status"] == "failed"
    assert run.check(check)["new"] == 1


def test_an_own_command_is_not_given_to_a_shell(project: DemoProject) -> None:
    project.configure(
        '[tool.ci-framework.commands]\nlint = ["echo", "$HOME; false", "&&", "x"]\n'
    )
    run = project.gate("lint")
    assert_green(run)
    assert run.check("lint")["output"] == "$HOME; false && x"


def test_an_own_command_that_is_missing_is_not_run(project: DemoProject) -> None:
    project.configure('[tool.ci-framework.commands]\nlint = "no-such-program --x"\n')
    run = project.gate("lint")
    assert run.code == 3
    assert "no-such-program" in run.check("lint")["reason"]


@pytest.mark.heavy
def test_an_own_test_command_that_runs_pytest_reports_the_tests(
    project: DemoProject,
) -> None:
    project.configure('[tool.ci-framework.commands]\ntest = "python -m pytest tests"\n')
    run = project.gate("test,coverage")
    assert_green(run)
    assert len(run.check("test")["tests"]) == 1
    assert run.check("coverage")["coverage"] == 100.0
    project.test_file("def test_wrong() -> None:\n    assert False\n")
    assert_red(project.gate("test"), "test", "tests/test_more.py", 2)


WRONG = "def test_wrong() -> None:\n    assert False\n"
GONE = "import os\n\n\ndef test_gone() -> None:\n    os._exit(0)\n"
FIRST = "python -m pytest tests/test_more.py; python -m pytest tests/test_demo.py"
LAST = "python -m pytest tests/test_demo.py; python -m pytest tests/test_more.py; :"


@pytest.mark.heavy
@pytest.mark.parametrize(
    ("script", "fault"),
    [
        ("python -m pytest tests || true", WRONG),
        ("python -m pytest tests || true", "raise KeyboardInterrupt\n"),
        (FIRST, WRONG),
        (FIRST, "raise KeyboardInterrupt\n"),
        (FIRST, GONE),
        (LAST, GONE),
        (LAST, "import os\n\nos._exit(0)\n"),
    ],
)
def test_an_own_command_that_hides_a_failure_of_pytest_is_red(
    project: DemoProject, script: str, fault: str
) -> None:
    project.configure(
        f'[tool.ci-framework.commands]\ntest = ["sh", "-c", "{script}"]\n'
    )
    project.test_file(fault)
    run = project.gate("test")
    assert run.code == 1, str(run)
    assert run.check("test")["status"] == "failed"


def test_an_own_test_command_without_pytest_is_reported(project: DemoProject) -> None:
    project.configure('[tool.ci-framework.commands]\ntest = "true"\n')
    run = project.gate("test")
    assert_green(run)
    assert "did not run pytest" in run.check("test")["notes"][0]
    assert "did not run pytest" in run.summary
    run = project.gate("test,coverage")
    assert run.code == 3
