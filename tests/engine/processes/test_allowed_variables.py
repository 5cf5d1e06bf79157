"""Programs get only the variables that they need."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

import pytest

from ci_engine.checks.workspace import Workspace
from ci_engine.environments.environment import Environment, Probe
from ci_engine.environments.installer import installer_variables
from ci_engine.environments.virtual_environments import Installer
from ci_engine.processes.allowed_variables import (
    installing_variables,
    plain_variables,
)
from ci_engine.processes.child_environment import (
    activated,
    manager_variables,
    tool_variables,
)
from ci_engine.project.repository import read_project
from ci_engine.scanning.scanner import scanner_variables
from tests.support.scanning import CLEAN, Repository, script

SECRETS = (
    *("GITHUB_TOKEN", "GH_TOKEN", "ACTIONS_ID_TOKEN_REQUEST_TOKEN", "NPM_TOKEN"),
    *("ACTIONS_ID_TOKEN_REQUEST_URL", "ACTIONS_RUNTIME_URL", "ACTIONS_CACHE_URL"),
    *("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AZURE_CLIENT_ID"),
    *("GOOGLE_APPLICATION_CREDENTIALS", "KUBECONFIG", "DATABASE_URL", "REDIS_URL"),
    *("DB_PASSWORD", "MYSQL_PWD", "API_KEY", "SECRET_KEY", "SENTRY_DSN", "STRIPE"),
    *("UV_PUBLISH_TOKEN", "UV_PUBLISH_PASSWORD", "TWINE_PASSWORD", "TWINE_USERNAME"),
    *("POETRY_PYPI_TOKEN_PYPI", "CARGO_REGISTRY_TOKEN", "TRIVY_PASSWORD"),
    *("CI_ENGINE_PUSH_TOKEN", "CI_FRAMEWORK_TOKEN", "GITHUB_ENV", "GITHUB_OUTPUT"),
    *("SEMGREP_APP_TOKEN", "GIT_TOKEN", "VAULT_ADDR", "INPUT_PASSWORD", "RUNNER_TEMP"),
)
ALLOWED = (
    *("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TZ", "HTTPS_PROXY", "https_proxy"),
    *(
        "no_proxy",
        "SSL_CERT_FILE",
        "REQUESTS_CA_BUNDLE",
        "XDG_CACHE_HOME",
        "SystemRoot",
    ),
    *("PATHEXT", "PYTHONPATH", "PYTHONUTF8", "LD_LIBRARY_PATH", "SKIP"),
    "VIRTUAL_ENV",
    *("GIT_DIR", "GIT_SSH_COMMAND", "SSH_AUTH_SOCK", "CI_FRAMEWORK_CACHE", "CI"),
)
OF_INSTALLERS = (
    *("UV_INDEX_URL", "UV_INDEX_OURS_PASSWORD", "UV_INDEX_OURS_USERNAME"),
    *("UV_CACHE_DIR", "PIP_INDEX_URL", "PIP_CERT", "POETRY_HTTP_BASIC_OURS_PASSWORD"),
    *(
        "CC",
        "CFLAGS",
        "CMAKE_ARGS",
        "PKG_CONFIG_PATH",
        "SETUPTOOLS_SCM_PRETEND_VERSION",
    ),
    *("GIT_CONFIG_COUNT", "GIT_CONFIG_KEY_0", "GIT_CONFIG_VALUE_0"),
    "SETUPTOOLS_SCM_PRETEND_VERSION",
)
EVERYTHING = dict.fromkeys((*SECRETS, *ALLOWED, *OF_INSTALLERS), "x")


def test_a_plain_program_gets_what_it_needs_to_run() -> None:
    assert set(plain_variables(EVERYTHING)) == set(ALLOWED)
    assert set(tool_variables(EVERYTHING)) == set(ALLOWED)


def test_an_installer_also_opens_indexes_and_builds() -> None:
    assert set(installing_variables(EVERYTHING)) == {*ALLOWED, *OF_INSTALLERS}


def test_installers_get_no_others(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in EVERYTHING:
        monkeypatch.setenv(name, "/x")
    assert not set(SECRETS) & set(manager_variables())
    assert not set(SECRETS) & set(installer_variables())
    assert {"UV_INDEX_URL", "HTTPS_PROXY"} <= set(manager_variables())


def dumped(path: Path) -> set[str]:
    rows = path.read_text("utf-8").splitlines()
    return {row.partition("=")[0] for row in rows}


@pytest.fixture
def secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in SECRETS:
        monkeypatch.setenv(name, "x")


def test_a_manager_is_a_program_that_gets_none(
    tmp_path: Path, secrets: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = tmp_path / "seen"
    script(tmp_path / "bin", "uv", f"env > {seen}")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    Installer(tmp_path).run("uv", ["uv", "sync"], {"UV_OURS": "1"})
    assert {"PATH", "UV_OURS"} <= dumped(seen)
    assert not set(SECRETS) & dumped(seen)


@pytest.mark.parametrize("name", ["zizmor", "bandit", "gitleaks"])
def test_scanners_get_none(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root, programs, seen = tmp_path / "demo", tmp_path / "programs", tmp_path / "seen"
    repository = Repository(root, programs, monkeypatch, tmp_path)
    for file, text in CLEAN.items():
        repository.write(file, text)
    repository.stand_in(name, f'env > {seen}; echo "[]"')
    output = str(tmp_path / "output")
    variables = dict.fromkeys(SECRETS, "x") | {"GITHUB_OUTPUT": output}
    repository.scan(name, variables=variables)  # type: ignore[arg-type]
    assert "PATH" in dumped(seen)
    assert not set(SECRETS) & dumped(seen)


def test_a_linter_gets_none_and_the_tests_get_them_all(
    tmp_path: Path, secrets: None
) -> None:
    seen = tmp_path / "seen"
    ruff = script(tmp_path / "bin", "ruff", f"env > {seen}")
    variables = activated(tmp_path)
    probe = Probe("3.11", sys.executable, "", "", {"ruff": str(ruff)}, [], {})
    environment = Environment("ours", probe, variables)
    project = read_project(tmp_path)
    workspace = Workspace(
        project=project, environment=environment, cancel=threading.Event()
    )
    tool = workspace.project_tool("ruff")
    assert tool is not None
    workspace.execute(tool, [], 20)
    assert "PATH" in dumped(seen)
    assert not set(SECRETS) & dumped(seen)
    dump = tmp_path / "dump.py"
    dump.write_text("import os\nprint(*os.environ)\n", encoding="utf-8")
    _, outcome = workspace.run_script(dump)
    assert not set(SECRETS) & set(outcome.stdout.split())
    # The tests and the commands of the project run with those of the environment.
    assert set(SECRETS) - set(variables) == {"CI_ENGINE_PUSH_TOKEN"}


def test_no_variable_of_a_workflow_narrows_a_scan() -> None:
    narrowing = {
        *("TRIVY_SKIP_FILES", "TRIVY_IGNOREFILE", "TRIVY_SEVERITY", "TRIVY_CONFIG"),
        *("GRYPE_EXCLUDE", "GRYPE_ONLY_FIXED", "GRYPE_CONFIG", "SYFT_EXCLUDE"),
        *("SEMGREP_RULES", "SEMGREP_BASELINE_COMMIT", "SEMGREP_TIMEOUT"),
        *("HADOLINT_IGNORE", "GITLEAKS_CONFIG", "ZIZMOR_CONFIG"),
    }
    caches = {"TRIVY_CACHE_DIR", "GRYPE_DB_CACHE_DIR", "PATH"}
    kept = scanner_variables(tool_variables(dict.fromkeys(narrowing | caches, "x")))
    assert not narrowing & kept.keys()
    assert caches <= kept.keys()
