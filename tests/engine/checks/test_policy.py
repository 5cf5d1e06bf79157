"""The check `policy`: limits of size and complexity, and code that nothing uses."""

from __future__ import annotations

import pytest

from tests.support.projects import (
    DemoProject,
    Location,
    Run,
    assert_green,
    assert_red,
)

SOURCE = "src/demo/__init__.py"
LIMITS = """
[tool.ci-framework.policy]
file-lines = {file}
function-statements = {function}
complexity = {complexity}
dead-code = {dead}
"""


def policy(project: DemoProject, *words: str) -> Run:
    variables = {"CI_FRAMEWORK_CHECKS_POLICY_BLOCKING": "true"}
    return project.gate("policy", "--tier", "extended", *words, variables=variables)


def with_limits(
    project: DemoProject,
    *,
    file: int = 0,
    function: int = 0,
    complexity: int = 0,
    dead: str = "false",
) -> None:
    limits = {"file": file, "function": function}
    limits["complexity"] = complexity
    project.configure(LIMITS.format(**limits, dead=dead))


def function_of(lines: int) -> str:
    """A function with so many lines, all but two of them statements that count."""
    body = "".join(f"    x = {number}\n" for number in range(lines - 2))
    return f"\n\ndef long() -> int:\n{body}    return x\n"


def test_a_small_project_is_green(project: DemoProject) -> None:
    run = policy(project)
    assert_green(run)
    assert run.check("policy")["status"] == "passed"


def test_it_is_advisory_by_default(project: DemoProject) -> None:
    project.append(SOURCE, "\n\ndef _unused() -> None:\n    pass\n")
    run = project.gate("policy", "--tier", "extended")
    assert run.code == 0
    assert run.check("policy")["status"] == "failed"
    assert run.check("policy")["blocking"] is False
    assert run.rules("policy") == ["dead-code"]


def test_file_length(project: DemoProject) -> None:
    with_limits(project, file=10)
    project.write(SOURCE, "x = 1\n" * 10)
    assert_green(policy(project))
    project.write(SOURCE, "x = 1\n" * 11)
    run = policy(project)
    assert_red(run, "policy", SOURCE, 1)
    assert run.findings("policy")[0]["message"] == "11 lines; allowed: 10"
    assert run.rules("policy") == ["file-length"]


def test_statements_of_a_function(project: DemoProject) -> None:
    with_limits(project, function=18)
    project.append(SOURCE, function_of(20))
    assert_green(policy(project))
    project.write(SOURCE, '"""A package."""\n' + function_of(21))
    run = policy(project)
    assert_red(run, "policy", SOURCE, 4)
    assert run.findings("policy")[0]["message"] == "Too many statements (19 > 18)"
    assert run.rules("policy") == ["function-length"]


def test_the_former_name_of_the_limit_still_works(project: DemoProject) -> None:
    with_limits(project)
    project.replace("pyproject.toml", "function-statements = 0", "function-lines = 18")
    project.write(SOURCE, '"""A package."""\n' + function_of(21))
    run = policy(project)
    assert_red(run, "policy", SOURCE, 4)
    assert "policy.function-lines is deprecated" in run.check("policy")["notes"][0]


def test_comments_and_decorators_are_no_statements_of_a_function(
    project: DemoProject,
) -> None:
    with_limits(project, function=2)
    text = "class A:\n    @property\n    def b(self) -> int:\n"
    text += '        """One.\n\n        Two.\n        """\n        x = 1\n'
    project.write(SOURCE, text + "        return x\n")
    assert_green(policy(project))
    project.append(SOURCE, "        # one more\n        x = 2\n")
    run = policy(project)
    assert_red(run, "policy", SOURCE, 3)


COMPLEX = """\
def f(x):
    if x:  # 2
        pass
    elif x > 1:  # 3
        pass
    for y in x:  # 4
        while y:  # 5
            break
    try:
        pass
    except ValueError:  # 6
        pass
    except OSError:  # 7
        pass
    else:  # 8
        pass
    match x:
        case 1:  # 9
            pass
        case _:
            pass
    return [a for a in x if a and x]


def outer():
    def inner(x):
        if x:
            pass
"""


def test_complexity(project: DemoProject) -> None:
    with_limits(project, complexity=8)
    project.write(
        SOURCE, COMPLEX.replace("        case 1:  # 9\n            pass\n", "")
    )
    assert_green(policy(project))
    project.write(SOURCE, COMPLEX)
    run = policy(project)
    assert_red(run, "policy", SOURCE, 1)
    assert [f["message"] for f in run.findings("policy")] == [
        "`f` is too complex (9 > 8)"
    ]


def test_complexity_is_what_ruff_counts(project: DemoProject) -> None:
    with_limits(project, complexity=8)
    project.write(SOURCE, COMPLEX)
    project.configure(
        '[tool.ruff.lint]\nselect = ["C901"]\n[tool.ruff.lint.mccabe]\n'
        "max-complexity = 8\n"
    )
    run = project.gate("lint")
    (finding,) = [f for f in run.findings("lint") if f["rule"] == "C901"]
    assert "9 > 8" in finding["message"]


def test_dead_code(project: DemoProject) -> None:
    project.append(
        SOURCE,
        "\n\ndef _dead(n: int) -> int:\n    return _dead(n - 1)\n"
        "\n\nclass _Gone:\n    pass\n"
        "\n\n_UNUSED = 3\n_USED = 4\n"
        "\n\ndef used() -> int:\n    return _USED\n",
    )
    run = policy(project)
    assert_red(run, "policy", SOURCE, 9)
    assert run.locations("policy") == [Location(SOURCE, n) for n in (9, 13, 17)]
    assert set(run.rules("policy")) == {"dead-code"}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("tests/test_x.py", "from demo import _maybe\n"),
        ("tests/test_x.py", "import demo\n\nx = demo._maybe\n"),
        ("tests/test_x.py", "def test(mocker):\n    mocker.patch('demo._maybe')\n"),
        (SOURCE, "\n__all__ = ['_maybe']\n"),
        (SOURCE, "\n\ndef f(x: '_maybe') -> None: ...\n"),
        ("other.toml", "entry = 'demo:_maybe'\n"),
        ("src/demo/broken.py", "import _maybe from (\n"),
    ],
)
def test_what_something_uses_is_not_dead(
    project: DemoProject, name: str, text: str
) -> None:
    project.append(SOURCE, "\n\ndef _maybe() -> None:\n    pass\n")
    assert policy(project).rules("policy") == ["dead-code"]
    before = project.read(name) if (project.root / name).exists() else ""
    project.write(name, before + text)
    assert_green(policy(project))


def test_a_name_of_another_module_does_not_keep_it_alive(project: DemoProject) -> None:
    text = "def _same() -> int:\n    return 1\n"
    project.write("src/demo/one.py", text)
    project.write("src/demo/two.py", text + "\n\nX = _same()\n")
    assert policy(project).locations("policy") == [Location("src/demo/one.py", 1)]


def test_decorated_names_may_be_registered(project: DemoProject) -> None:
    project.append(SOURCE, "\n\n@print\ndef _handler() -> None:\n    pass\n")
    assert_green(policy(project))


def test_every_limit_can_be_off(project: DemoProject) -> None:
    with_limits(project)
    project.write(SOURCE, COMPLEX * 30 + "_x = 1\n" * 300)
    check = policy(project).check("policy")
    assert (check["status"], check["reason"]) == ("skipped", "every limit is off")


def test_generated_and_broken_files_are_noted(project: DemoProject) -> None:
    with_limits(project, file=10)
    project.write("src/demo/made.py", "# @generated\n" + "x = 1\n" * 20)
    project.write("src/demo/broken.py", "def (:\n")
    project.write("src/demo/binary.py", b"\x00\xff\xfe\x00")
    run = policy(project)
    assert_green(run)
    notes = run.check("policy")["notes"]
    assert notes[0] == "generated, not checked: src/demo/made.py"
    assert notes[1].endswith("src/demo/binary.py, src/demo/broken.py")


def test_tests_and_the_engine_are_not_judged(project: DemoProject) -> None:
    with_limits(project, file=10)
    table = "[tool.ci-framework]\n"
    project.replace("pyproject.toml", table, f'{table}source-paths = ["."]\n')
    project.write("tests/test_long.py", "x = 1\n" * 20)
    assert_green(policy(project))


def test_no_sources_are_skipped(project: DemoProject) -> None:
    (project.root / SOURCE).unlink()
    check = policy(project).check("policy")
    assert check["status"] == "skipped"
    assert check["reason"] == "the project has no Python files in src"


@pytest.mark.heavy
def test_the_baseline_covers_what_is_known(project: DemoProject) -> None:
    project.append(SOURCE, "\n\n_UNUSED = 3\n")
    policy(project, "--baseline", "write")
    assert_green(policy(project))
    project.append(SOURCE, "_NEW = 3\n")
    assert policy(project).code == 1
