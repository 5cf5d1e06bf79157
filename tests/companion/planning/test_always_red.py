"""The plan reports findings that no baseline may contain, and how to fix them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from ci_engine.errors import ToolError
from ci_engine.processes.programs import Outcome, run_program
from ci_framework.planning import always_red
from ci_framework.planning.always_red import AlwaysRedCount
from ci_framework.planning.plan import AlwaysRed
from ci_framework.reporting.first_day import first_day_lines
from ci_framework.repository import open_repository
from tests.support.adoptable_repositories import make_repository
from tests.support.adoption_scenes import PROJECT, Companion, make_project, status_of
from tests.support.plans import picture
from tests.support.programs import run

FILES: dict[str, str | bytes] = {
    "src/a.py": "import os\nimport sys\n\nprint(undefined)\n",
    "src/b.py": "x = (\n",
    "clean.py": "VALUE = 1\n",
    "ci-framework/theirs.py": "import os\n",
}


def count(path: Path, manager: str = "uv", **more: str | bytes) -> AlwaysRed:
    repository = open_repository(make_repository(path / "p", {**FILES, **more}))
    before = picture(repository.root)
    found = AlwaysRedCount(repository).by_manager(manager)
    assert picture(repository.root) == before
    assert found.uncounted == ""
    return found


def test_findings_are_counted_by_rule_and_file_with_what_fixes_them(
    tmp_path: Path,
) -> None:
    found = count(tmp_path)
    assert found.rules == {"F401": 2, "F821": 1, "invalid-syntax": 1}
    assert found.files == {"src/a.py": 3, "src/b.py": 1}
    assert found.fixable == 2
    assert found.command == "uvx ruff check --select F,E9 --fix ."
    assert found.remaining == ["src/a.py:4 F821", "src/b.py:2 invalid-syntax"]


@pytest.mark.parametrize(
    ("manager", "ruff"),
    [("pixi", "pixi exec ruff"), ("poetry", "pipx run ruff"), ("pip", "pipx run ruff")],
)
def test_the_command_is_one_that_the_project_can_run(
    tmp_path: Path, manager: str, ruff: str
) -> None:
    assert count(tmp_path, manager).command.startswith(f"{ruff} check ")


def test_the_command_fixes_what_is_announced(tmp_path: Path) -> None:
    """Including files that ruff skips by default, or that git tracks and ignores."""
    more = {".gitignore": "gen/\n", "venv/tool.py": "import os\n"}
    path = make_repository(tmp_path / "p", {**FILES, **more})
    (path / "gen").mkdir()
    (path / "gen" / "it's.py").write_text("import os\n")
    run("git", "add", "--force", "gen", cwd=path)
    found = AlwaysRedCount(open_repository(path)).by_manager("uv")
    assert found.command.startswith("uvx ruff check --select F,E9 --fix . ")
    run("sh", "-c", f"{found.command.removeprefix('uvx ')} || true", cwd=path)
    after = AlwaysRedCount(open_repository(path)).by_manager("uv")
    assert (found.fixable, after.fixable, after.command) == (4, 0, "")
    assert after.remaining == [
        row.replace("a.py:4", "a.py:2") for row in found.remaining
    ]


@pytest.mark.parametrize(
    ("settings", "number"),
    [
        ('[tool.ruff.lint]\nignore = ["F401"]\n', 4),
        ('[tool.ruff.lint.per-file-ignores]\n"src/a.py" = ["F401"]\n', 2),
        ('[tool.ruff]\nexclude = ["src/b.py"]\n', 3),
        ("[tool.ruff]\nfix = true\nfix-only = true\n", 4),
    ],
)
def test_the_settings_count_as_far_as_they_do_for_the_gate(
    tmp_path: Path, settings: str, number: int
) -> None:
    found = count(tmp_path, **{"pyproject.toml": settings})
    assert sum(found.rules.values()) == number


def starts_of_ruff(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The arguments of each start from now on."""
    starts: list[list[str]] = []

    def counted(
        argv: Sequence[str], *, cwd: Path, timeout: float, variables: Mapping[str, str]
    ) -> Outcome:
        starts.append([*argv[1:]])
        return run_program(argv, cwd=cwd, timeout=timeout, variables=variables)

    monkeypatch.setattr(always_red, "run_program", counted)
    return starts


def test_a_tree_is_counted_once_for_all_plans_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clean = open_repository(make_repository(tmp_path / "p", {"clean.py": "A = 1\n"}))
    starts = starts_of_ruff(monkeypatch)
    counted = AlwaysRedCount(clean)
    assert counted.by_manager("uv") == counted.by_manager("pixi") == AlwaysRed()
    assert len(starts) == 1
    counted = AlwaysRedCount(open_repository(make_repository(tmp_path / "q", FILES)))
    commands = {counted.by_manager(name).command[:4] for name in ("uv", "pixi", "pip")}
    assert commands == {"uvx ", "pixi", "pipx"}
    # What can be fixed is looked up as well: which paths the command needs.
    assert ["--show-files" in words for words in starts[1:]] == [False, True]


def test_what_cannot_be_counted_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def offline(*_: object) -> None:
        raise ToolError("a locked tool could not be installed: no network\nmore")

    monkeypatch.setattr(always_red, "isolated_tool", offline)
    repository = open_repository(make_repository(tmp_path / "p", FILES))
    found = AlwaysRedCount(repository).by_manager("uv")
    assert first_day_lines(found)[0][0].endswith(
        "could not be counted: " + found.uncounted
    )
    assert found.uncounted == "a locked tool could not be installed: no network"
    none = open_repository(make_repository(tmp_path / "q", {"README.md": ""}))
    assert AlwaysRedCount(none).by_manager("uv") == AlwaysRed()


@pytest.mark.heavy
def test_the_plan_begins_with_it_and_is_the_same_plan(
    tmp_path: Path, releases: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    companion = Companion(capsys)
    path = make_project(tmp_path / "p", {**PROJECT, **FILES})
    template = ["--template", str(releases), "--vcs-ref", "v2.0.0"]
    text = companion.run("plan", path, *template)
    assert text.startswith("Fix before you merge\n")
    assert "F401 3, F821 1, invalid-syntax 1" in text
    assert "to fix 3 of them, run pipx run ruff check --select F,E9 --fix .\n" in text
    assert text.index("src/a.py:4 F821") < text.index("What is done")
    data = companion.json("plan", path, *template)
    assert data["always-red"]["fixable"] == 3
    companion.run("apply", path, *template, "--plan", data["hash"])
    assert status_of(path) == ""


@pytest.mark.heavy
def test_nothing_is_counted_where_the_plan_turns_lint_off(
    tmp_path: Path, releases: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    slug = "{{ cookiecutter.slug }}"
    template = {
        "cookiecutter.json": '{"slug": "x"}\n',
        f"{slug}/pyproject.toml": "{% if x %}\n[project]\n{% endif %}\n",
        f"{slug}/a.py": "import os\n",
        "tests/test_bake.py": "def test_bake():\n    assert True\n",
    }
    path = make_repository(tmp_path / "p", template)
    options = ["--template", str(releases), "--vcs-ref", "v2.0.0"]
    text = Companion(capsys).run("plan", path, *options)
    assert 'tool.ci-framework.checks.lint.tier = "none"' in text
    assert "Fix before you merge" not in text


def test_findings_of_one_line_and_rule_are_one_entry() -> None:
    found = AlwaysRed(
        rules={"F401": 4}, files={"a.py": 4}, fixable=1, remaining=["a.py:2 F401 x 3"]
    )
    assert first_day_lines(found)[-1] == ("to fix by hand (3): a.py:2 F401 x 3", "")


def test_findings_of_one_line_are_counted_together(tmp_path: Path) -> None:
    files = {"a/__init__.py": "from .b import x, y, z\n", "a/b.py": "x = y = z = 1\n"}
    repository = open_repository(make_repository(tmp_path / "it", files))
    assert AlwaysRedCount(repository).by_manager("pip").remaining == [
        "a/__init__.py:1 F401 x 3"
    ]
