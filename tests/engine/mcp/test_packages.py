"""A package of a monorepo can be a server, and so can the repository."""

from __future__ import annotations

from pathlib import Path

import pytest

from ci_engine.changes.categories import Classifier
from ci_engine.changes.decision import everything
from ci_engine.cli import main
from ci_engine.configuration.loading import load_configuration
from ci_engine.github.event import Event
from ci_engine.monorepo.package_view import view_package
from ci_engine.project.repository import read_project
from ci_engine.workflow_jobs.jobs import plan_jobs, with_conformance
from ci_engine.workflow_jobs.package_jobs import find_affected, with_packages

TOP = """
[tool.ci-framework.mcp]
command = "top"
http-command = "top --http"
"""
SERVER = """
[tool.ci-framework.mcp]
command = "server"
"""


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, settings in {"api": SERVER, "core": ""}.items():
        package = tmp_path / "packages" / name
        (package / "src" / name).mkdir(parents=True)
        (package / "src" / name / "__init__.py").touch()
        (package / "pyproject.toml").write_text(
            f'[project]\nname = "{name}"\nversion = "1"\n{settings}', encoding="utf-8"
        )
    (tmp_path / "pyproject.toml").write_text(TOP, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def outputs(root: Path) -> dict[str, str]:
    configuration = load_configuration(root, {})
    decision = everything("a test")
    kinds = Classifier(configuration.patterns, configuration.settings)
    packages = find_affected(read_project(root), kinds, decision, "auto")
    jobs = plan_jobs(decision, configuration, Event())
    return with_packages(jobs, packages, configuration).outputs()


def test_a_package_has_a_server_of_its_own_only(repository: Path) -> None:
    top = read_project(repository)
    api, core = (view_package(top, name, {}, {}) for name in ("api", "core"))
    mcp = api.configuration.settings.mcp
    assert (mcp.command, mcp.http_command) == ("server", "")
    assert not core.configuration.settings.mcp.configured
    known = {
        view.package.name: view.configuration.settings.known_checks(package=True)
        for view in (api, core)
    }
    assert "mcp" in known["api"]
    assert "mcp" not in known["core"]


def test_each_server_is_checked_where_it_belongs(repository: Path) -> None:
    planned = outputs(repository)
    assert "mcp" in planned["package-checks"].split(",")
    assert "mcp" in planned["repository-checks"].split(",")
    for path in ("pyproject.toml", "packages/api/pyproject.toml"):
        file = repository / path
        text = file.read_text("utf-8").partition("[tool")[0]
        file.write_text(text, "utf-8")
    planned = outputs(repository)
    assert "mcp" not in planned["package-checks"].split(",")
    assert "mcp" not in planned["repository-checks"].split(",")


def test_the_check_of_a_package_without_a_server_is_skipped(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["gate", "--package", "core", "--only", "mcp,no-conflict-markers"]
    assert main(words) == 0
    text = "".join(capsys.readouterr())
    assert "the package has no MCP server to check" in text
    assert main(["mcp", "check", "--package=core"]) == 2
    assert "expected the command that starts the MCP server" in capsys.readouterr().err
    assert main(["mcp", "check", "--package=api", "--dry-run"]) == 0
    assert "start over stdio: server" in capsys.readouterr().out
    assert (repository / "packages").is_dir()


def test_the_job_of_the_suite_is_left_out_unless_the_settings_have_it(
    repository: Path,
) -> None:
    decision = everything("a test")

    def skips() -> dict[str, str]:
        loaded = load_configuration(repository, {})
        jobs = plan_jobs(decision, loaded, Event())
        return dict(with_conformance(jobs, decision, loaded.settings).skips)

    assert skips()["conformance"] == "tool.ci-framework.mcp.conformance is empty"
    with (repository / "pyproject.toml").open("a", encoding="utf-8") as file:
        file.write('conformance = ["2026-07-28"]\n')
    assert "conformance" not in skips()
