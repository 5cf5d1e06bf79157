"""What shell commands, names and actions are for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_framework.analysis.purposes.activities import (
    argv_of_test,
    find_action_purposes,
    find_activities,
    find_purposes,
    guess_purpose,
)


@pytest.mark.parametrize(
    "command",
    [
        "pytest -q",
        "python -m pytest",
        "python3.11 -bb -X dev -W error -m pytest",
        "python -Im pytest",
        ".venv/bin/python -m pytest",
        ".\\.venv\\Scripts\\python.exe -m pytest",
        "PYTHONPATH=. timeout -k 5 300 pytest",
        "sudo -u runner env A=b pytest",
        "xvfb-run -a pytest",
        "uv run --with hypothesis --frozen pytest",
        "uv run -m pytest",
        "uvx --from pytest==8 pytest",
        "uv tool run pytest",
        "pixi run -e py312 --frozen pytest",
        "poetry run pytest",
        "pdm run -p . pytest",
        "hatch -e test run +py=3.12 pytest",
        "conda run -n dev --no-capture-output pytest",
        "pipx run pytest",
        "bash -lc 'pytest -x'",
        "cd sub && (pytest)",
        "if [ -d tests ]; then\n  pytest\nfi",
        "for d in a b; do pytest $d; done",
        "pytest \\\n  -q",
        "! pytest || true",
        "pytest 2>&1 | tee log.txt",
        "python -m unittest discover",
        "tox -e py312",
        "tox run -e ${{ matrix.env }}",
        "nox -s tests-3.12 -- -x",
        "make test",
        "just unit-tests",
        "npm test",
        "./scripts/test.sh",
        "bash scripts/run_tests.sh --all",
        "hatch run dev:run-tests",
        "hatch run test:run",
        "python setup.py test",
        "python manage.py test",
    ],
)
def test_a_test_run_is_recognised_through_its_runner(command: str) -> None:
    assert find_purposes(command) == ["test"]


@pytest.mark.parametrize(
    ("command", "does"),
    [
        ("ruff check . && ruff format --check .", ["lint", "format"]),
        ("uvx ruff@0.14.0 format --diff", ["format"]),
        ("coverage run --source x -m pytest -q", ["test", "coverage"]),
        (
            "python -m build\ntwine check dist/*\ntwine upload dist/*",
            ["build", "metadata", "publish"],
        ),
        ("pip install -U pip; pip install -e .[dev]", ["install"]),
        ("uv sync --locked", ["install"]),
        ("uv lock --check", ["lock"]),
        ("mypy src", ["typecheck"]),
        ("bandit -r src & pip-audit", ["security", "audit"]),
        ("pre-commit run --all-files", ["hooks"]),
        ("pre-commit install", ["set-up"]),
        ("mkdocs gh-deploy --force", ["docs-deploy"]),
        ("sphinx-build docs out", ["docs"]),
        ("bash <(curl -s https://codecov.io/bash)", ["coverage-upload"]),
        ('curl -X POST "$HOOK" https://hooks.slack.com/x', ["notify"]),
        ("docker buildx build .", ["container"]),
        ("git commit -m x\ngit push origin HEAD", ["commit", "push"]),
        ("gh release create v1", ["release"]),
        ("tox -e lint,docs", ["lint", "docs"]),
        ("make lint VERBOSE=1 docs", ["lint", "docs"]),
        ("uvx --with tox-uv tox run -e ${PYTHON}-mypy", ["typecheck"]),
        ("tox run -f typing", ["typecheck"]),
        ("pytest benchmarks --benchmark-only", ["benchmark"]),
        ("pytest -m benchmark", ["benchmark"]),
        ("pytest -m 'not benchmark' --benchmark-skip tests", ["test"]),
        ("pytest --ignore tests/perf", ["test"]),
        ("pytest --version", ["set-up"]),
        ('echo "$(mypy --strict src)"', ["typecheck"]),
        ("frobnicate --all", ["other: frobnicate"]),
        ("set -e\necho hello", ["other: echo"]),
        ("", []),
        ("# pytest\n", []),
    ],
)
def test_a_command_is_for_what_it_runs(command: str, does: list[str]) -> None:
    assert find_purposes(command) == does


@pytest.mark.parametrize(
    "command",
    [
        "echo 'pytest; mypy'",
        "echo pytest > ruff",
        "cat <<'EOF' > run.sh\npytest\nEOF",
        "test -f pytest.ini",
        "[[ -n $X && $Y == pytest ]]",
        "((pytest++))",
        "case $x in\n  pytest) echo a ;;\nesac",
    ],
)
def test_words_that_are_not_run_do_not_count(command: str) -> None:
    assert find_purposes(command) in (["other: echo"], ["other: cat"]) or all(
        does.startswith("other: ") for does in find_purposes(command)
    )
    assert argv_of_test(command) is None


def test_commands_after_a_here_document_count() -> None:
    assert find_purposes("cat <<EOF > x\nmypy\nEOF\npytest") == ["test"]


def test_tasks_are_looked_up_where_they_are_known() -> None:
    tasks = {"check": ["pixi run style", "mypy"], "style": ["ruff check"], "test": []}
    assert find_purposes("pixi run check", tasks) == ["lint", "typecheck"]
    assert find_purposes("make check", tasks) == ["lint", "typecheck"]
    assert find_purposes("pixi run check") == ["gate"]


def test_a_task_that_says_nothing_goes_by_its_name() -> None:
    assert find_purposes("make docs", {"docs": ["./render"]}) == ["docs"]


def test_tasks_that_name_each_other_come_to_an_end() -> None:
    tasks = {"a": ["make b", "pytest"], "b": ["make a", "mypy"]}
    assert set(find_purposes("make a", tasks)) >= {"test", "typecheck"}


def test_what_a_task_runs_is_not_said_directly() -> None:
    direct, named = find_activities("mypy\nmake lint", {"lint": ["ruff check"]})
    assert (direct.program, direct.direct) == ("mypy", True)
    assert (named.program, named.direct) == ("ruff", False)


@pytest.mark.parametrize(
    ("command", "argv"),
    [
        ("pytest -m 'not slow' tests/unit", ["pytest", "-m", "not slow", "tests/unit"]),
        ("pip install x\nuv run python -m pytest -q", ["pytest", "-q"]),
        ("coverage run --branch -m pytest tests", ["pytest", "tests"]),
        ("python -m unittest -v", ["python", "-m", "unittest", "-v"]),
        ("pytest --benchmark-only\npytest tests", ["pytest", "tests"]),
        ("pytest ${{ matrix.flags }}", ["pytest", "${{ matrix.flags }}"]),
        ("pytest -q > log.txt 2>&1", ["pytest", "-q"]),
        ("make test", None),
        ("ruff check", None),
    ],
)
def test_the_call_of_the_tests_is_found(command: str, argv: list[str] | None) -> None:
    assert argv_of_test(command) == argv


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("test-unit", "test"),
        ("py312-django", "test"),
        ("check-types", "typecheck"),
        ("ci-check", "gate"),
        ("preCommit", "hooks"),
        ("docs-deploy", "docs-deploy"),
        ("update_python_list", ""),
        ("serve", ""),
    ],
)
def test_a_name_hints_at_a_purpose(name: str, says: str) -> None:
    assert guess_purpose(name) == says


@pytest.mark.parametrize(
    ("uses", "does"),
    [
        ("actions/checkout@v4", "checkout"),
        ("actions/setup-python@v5", "set-up"),
        ("astral-sh/setup-uv@v6", "set-up"),
        ("prefix-dev/setup-pixi@v0.8.1", "set-up"),
        ("actions/cache/restore@v4", "cache"),
        ("actions/upload-artifact@v4", "artifact"),
        ("actions/upload-pages-artifact@v3", "docs-deploy"),
        ("actions/deploy-pages@v4", "docs-deploy"),
        ("peaceiris/actions-gh-pages@v4", "docs-deploy"),
        ("codecov/codecov-action@v5", "coverage-upload"),
        ("pypa/gh-action-pypi-publish@release/v1", "publish"),
        ("github/codeql-action/analyze@v3", "security"),
        ("github/codeql-action/upload-sarif@v3", "sarif-upload"),
        ("ossf/scorecard-action@v2", "security"),
        ("aquasecurity/trivy-action@master", "security"),
        ("actions/dependency-review-action@v4", "audit"),
        ("googleapis/release-please-action@v4", "release"),
        ("softprops/action-gh-release@v2", "release"),
        ("docker/build-push-action@v6", "container"),
        ("hynek/build-and-inspect-python-package@v2", "build"),
        ("docker://alpine:3", "container"),
        ("slackapi/slack-github-action@v2", "notify"),
        ("pre-commit/action@v3.0.1", "hooks"),
        ("pre-commit-ci/lite-action@v1", "hooks"),
        ("astral-sh/ruff-action@v3", "lint"),
        ("psf/black@stable", "format"),
        ("actions/labeler@v5", "label"),
        ("actions/stale@v9", "triage"),
        ("./.github/actions/run-tests", "test"),
        ("someone/something@v1", "other: someone/something"),
    ],
)
def test_an_action_is_for_what_its_name_says(uses: str, does: str) -> None:
    assert find_action_purposes(uses) == [does]


@pytest.mark.parametrize(
    "piece",
    ["[[ ", "((", "${{ ", "$(", '"', "'", "<<E ", "\\", "uv run ", "python -m ", "("],
)
def test_hostile_commands_take_no_time(piece: str) -> None:
    assert find_purposes(piece * 4_000) is not None


def test_runners_in_runners_come_to_an_end() -> None:
    assert find_purposes("uv run " * 300 + "pytest")


@pytest.mark.heavy
@given(st.text(max_size=200))
def test_no_text_is_refused(text: str) -> None:
    assert find_purposes(text) == find_purposes(text)
    find_action_purposes(text)
    argv_of_test(text)


@given(
    st.lists(
        st.sampled_from(
            [
                "'",
                '"',
                "\\",
                "$(",
                ")",
                "${{",
                "}}",
                "<<EOF",
                "\n",
                "|",
                "&&",
                "(",
                "[[",
                "((",
                "#",
                "uv run",
                "python -m",
                "pytest",
                "tox -e",
                "coverage run",
                "hatch run",
                "env",
                "timeout",
                "bash -c",
                "xargs",
                "npx",
                "make",
                "-",
            ]
        ),
        max_size=14,
    )
)
def test_no_broken_command_is_refused(parts: list[str]) -> None:
    find_purposes(" ".join(parts))
    argv_of_test("".join(parts))
