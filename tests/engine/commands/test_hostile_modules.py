"""No command imports from the repository or from the current directory."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.projects import DemoProject, clean_environment, git

# Of the standard library, of our packages, of theirs, and what Python starts with.
MODULES = (
    *(
        "json",
        "re",
        "typing",
        "os",
        "subprocess",
        "argparse",
        "dataclasses",
        "platform",
    ),
    *("yaml", "msgspec", "rich", "questionary", "tomli", "jinja2", "copier", "ruamel"),
    *("bandit", "pathspec", "packaging", "check_jsonschema", "validate_pyproject"),
    *("sitecustomize", "usercustomize", "conftest", "setup", "ci_engine", "zizmor"),
    *("ci_framework", "encodings", "codecs", "plumbum", "tomlkit", "pre_commit"),
)
ENGINE = (
    *(("gate", "--only", "lint,format,no-conflict-markers"), ("changes",), ("config",)),
    *(("validate",), ("packages",), ("doctor",), ("cleanup",), ("setup", "--dry-run")),
    *(
        ("scan", "--only", "bandit"),
        ("bench", "--dry-run"),
        ("summary", "--reports", "."),
    ),
)
COMPANION = (("analyze",), ("plan",), ("status",), ("fleet", "plan", "."))


@pytest.fixture
def mark(project: DemoProject) -> Path:
    """A repository whose modules leave a file when they are imported."""
    mark = project.root.parent / "mark"
    code = f"open({str(mark)!r}, 'a').write(__file__)\n"
    for name in MODULES:
        project.write(f"{name}.py", code)
    project.write("evil.pth", f"import os; open({str(mark)!r}, 'a').write('pth')\n")
    project.write(".pre-commit-config.yaml", "repos: []\n")
    git(project.root, "init", "--quiet")
    git(project.root, "add", "--all")
    git(project.root, "commit", "--quiet", "--message", "hostile")
    return mark


@pytest.mark.heavy
def test_no_command_of_the_engine_imports_one(project: DemoProject, mark: Path) -> None:
    launched = [sys.executable, "-I", str(project.bootstrap)]
    launched += [f"--repository={project.root}"]
    for words in ENGINE:
        project.run(*words, command=launched)
        assert not mark.exists(), (words, mark.read_text(encoding="utf-8"))


@pytest.mark.heavy
def test_no_command_of_the_companion_imports_one(
    project: DemoProject, mark: Path
) -> None:
    variables = clean_environment()
    # As the script does: `python -m ci_framework` here would name the one of the tree.
    start = "import sys; from ci_framework.__main__ import main; sys.exit(main())"
    for words in COMPANION:
        subprocess.run(
            [sys.executable, "-I", "-c", start, *words],
            cwd=project.root,
            env=variables,
            capture_output=True,
            check=False,
            timeout=120,
        )
        assert not mark.exists(), (words, mark.read_text(encoding="utf-8"))
