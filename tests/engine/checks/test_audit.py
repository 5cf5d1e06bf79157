"""The check `audit`: known vulnerabilities of the lock, else of the environment."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.bare import bare_environment, install
from tests.support.osv import Service, serving
from tests.support.projects import (
    DemoProject,
    Run,
    assert_green,
    assert_not_run,
    assert_red,
    program,
)

LOCK = """\
version = 1
revision = 3
requires-python = ">=3.10"

[[package]]
name = "demo"
version = "1.0"
source = { virtual = "." }
dependencies = [
    { name = "local-thing" },
    { name = "six" },
]

[[package]]
name = "local-thing"
version = "0.3"
source = { directory = "../local" }

[[package]]
name = "six"
version = "1.16.0"
source = { registry = "https://pypi.org/simple" }

[[package]]
name = "wheel-thing"
version = "2.0"
source = { registry = "https://pypi.org/simple" }
"""
SIX_LINE = LOCK.splitlines().index('name = "six"') + 1

# A lock made up by hand is not a reason to prepare an environment from it.
NO_SYNC = "raise SystemExit('no environment in this test')"


@pytest.fixture
def osv() -> Iterator[Service]:
    with serving() as service:
        yield service


def audit(project: DemoProject, service: Service | str, *words: str) -> Run:
    url = service if isinstance(service, str) else service.url
    path = f"{project.root.parent / 'programs'}:/usr/local/bin:/usr/bin:/bin"
    variables = {"OSV_SERVICE_URL": url, "PATH": path}
    return project.gate("audit", "--tier", "extended", *words, variables=variables)


def with_lock(project: DemoProject) -> DemoProject:
    """Give the project a lock, and no environment."""
    program(project.root.parent / "programs", "uv", NO_SYNC)
    (project.root / ".venv").unlink()
    project.write("uv.lock", LOCK)
    return project


def with_environment(project: DemoProject, **packages: str) -> Path:
    """Give the project an environment in which packages seem to be installed."""
    project.replace(
        "pyproject.toml",
        'version = "1.0"\n',
        'version = "1.0"\ndependencies = [\n    "six",\n]\n',
    )
    return bare_environment(project, packages)


class TestLock:
    def test_no_vulnerability_is_green_and_says_what_was_known(
        self, project: DemoProject, osv: Service
    ) -> None:
        run = audit(with_lock(project), osv)
        assert_green(run)
        assert run.check("audit")["notes"] == [
            "uv.lock: 2 of 3 dependencies known; "
            "not known: local-thing (directory ../local)"
        ]
        assert ("six", "1.16.0") in osv.asked

    def test_a_vulnerability_is_red_at_its_line_of_the_lock(
        self, project: DemoProject, osv: Service
    ) -> None:
        osv.add(
            "six",
            "1.16.0",
            "GHSA-lock-1",
            fixed="1.18",
            aliases=["CVE-2024-1"],
            database_specific={"severity": "CRITICAL"},
        )
        run = audit(with_lock(project), osv)
        assert_red(run, "audit", "uv.lock", SIX_LINE)
        (finding,) = run.findings("audit")
        assert finding["rule"] == "GHSA-lock-1"
        assert finding["message"] == (
            "six 1.16.0, fixed in 1.18: six is bad (CVE-2024-1)"
        )
        assert finding["score"] == 9.5
        sarif = json.loads((run.reports / "results.sarif").read_text("utf-8"))
        (rule,) = sarif["runs"][0]["tool"]["driver"]["rules"]
        assert rule["helpUri"] == "https://osv.dev/vulnerability/GHSA-lock-1"
        assert rule["properties"]["security-severity"] == "9.5"

    def test_a_fixed_version_is_green(self, project: DemoProject, osv: Service) -> None:
        osv.add("six", "1.15.0", "GHSA-lock-2", fixed="1.16.0")
        assert_green(audit(with_lock(project), osv))

    def test_a_withdrawn_advisory_is_green_and_reported(
        self, project: DemoProject, osv: Service
    ) -> None:
        when = "2024-02-01T00:00:00Z"
        osv.add("six", "1.16.0", "GHSA-lock-3", withdrawn=when)
        run = audit(with_lock(project), osv)
        assert_green(run)
        notes = run.check("audit")["notes"]
        assert "withdrawn advisories: GHSA-lock-3 (six)" in notes

    def test_a_withdrawn_advisory_does_not_hide_another_one(
        self, project: DemoProject, osv: Service
    ) -> None:
        osv.add("six", "1.16.0", "GHSA-lock-4", withdrawn="2024-02-01T00:00:00Z")
        osv.add("six", "1.16.0", "GHSA-lock-5")
        run = audit(with_lock(project), osv)
        assert run.code == 1
        assert run.rules("audit") == ["GHSA-lock-5"]

    def test_an_unreachable_service_is_not_run(self, project: DemoProject) -> None:
        nowhere = "http://127.0.0.1:1"
        run = audit(with_lock(project), nowhere)
        assert_not_run(run, "audit", f"the OSV service at {nowhere}: ")
        allowed = audit(project, nowhere, "--allow-offline")
        assert_green(allowed)
        check = allowed.check("audit")
        assert check["status"] == "skipped"
        assert f"--allow-offline: the OSV service at {nowhere}: " in check["reason"]

    def test_a_broken_service_is_not_run(
        self, project: DemoProject, osv: Service
    ) -> None:
        osv.broken = True
        run = audit(with_lock(project), osv, "--allow-offline")
        assert_not_run(run, "audit", "HTTP status 500")

    def test_a_lock_that_is_none_is_not_run(
        self, project: DemoProject, osv: Service
    ) -> None:
        with_lock(project).write("uv.lock", "[[package]]\nname = 3\n")
        assert_not_run(audit(project, osv), "audit", "uv.lock: ")

    def test_every_file_with_the_dependency_is_named(
        self, project: DemoProject, osv: Service
    ) -> None:
        with_lock(project).write("api/requirements.txt", "# old\nsix == 1.16.0\n")
        osv.add("six", "1.16.0", "GHSA-lock-6")
        run = audit(project, osv)
        found = {(f["path"], f["line"]) for f in run.findings("audit")}
        assert found == {("uv.lock", SIX_LINE), ("api/requirements.txt", 2)}

    def test_a_stale_lock_does_not_hide_what_was_found(
        self, project: DemoProject, osv: Service
    ) -> None:
        with_lock(project)
        project.write("poetry.lock", "")
        assert_not_run(audit(project, osv), "audit", "poetry.lock: ")
        osv.add("six", "1.16.0", "GHSA-lock-7")
        run = audit(project, osv)
        assert run.code == 1
        assert run.rules("audit") == ["GHSA-lock-7"]
        assert run.check("audit")["reason"].startswith("poetry.lock: ")


class TestEnvironment:
    @pytest.mark.heavy
    def test_no_vulnerability_is_green_and_the_project_is_left_out(
        self, project: DemoProject, osv: Service
    ) -> None:
        with_environment(project, six="1.16.0", demo="1.0")
        run = audit(project, osv)
        assert_green(run)
        assert osv.asked == [("six", "1.16.0")]
        assert run.check("audit")["tool"] == "osv"
        assert run.check("audit")["notes"] == [".venv: 1 of 1 dependencies known"]

    def test_a_vulnerability_is_red_where_it_is_requested(
        self, project: DemoProject, osv: Service
    ) -> None:
        with_environment(project, six="1.16.0", idna="3.4")
        osv.add("six", "1.16.0", "PYSEC-2024-1", fixed="1.18")
        run = audit(project, osv)
        assert_red(run, "audit", "pyproject.toml", 5)
        (finding,) = run.findings("audit")
        assert finding["rule"] == "PYSEC-2024-1"
        assert finding["message"].startswith("six 1.16.0, fixed in 1.18: six is bad")
        assert finding["score"] == 7.0

    def test_a_requirement_file_names_the_line(
        self, project: DemoProject, osv: Service
    ) -> None:
        with_environment(project, idna="3.4")
        project.write("requirements.txt", "# idna is one of these\nsix\nidna>=3\n")
        osv.add("idna", "3.4", "PYSEC-2024-2")
        assert_red(audit(project, osv), "audit", "requirements.txt", 3)

    def test_a_fixed_and_a_withdrawn_one_are_green(
        self, project: DemoProject, osv: Service
    ) -> None:
        with_environment(project, six="1.18", idna="3.4")
        osv.add("six", "1.16.0", "PYSEC-2024-1", fixed="1.18")
        osv.add("idna", "3.4", "PYSEC-2024-2", withdrawn="2024-02-01T00:00:00Z")
        assert_green(audit(project, osv))

    def test_what_no_index_served_is_reported(
        self, project: DemoProject, osv: Service
    ) -> None:
        site = with_environment(project, six="1.16.0", pip="26.0")
        url = json.dumps({"url": "git+https://example.org/x", "vcs_info": {}})
        install(site, "forked", "1.0", direct_url=url)
        run = audit(project, osv)
        assert_green(run)
        assert run.check("audit")["notes"] == [
            ".venv: 1 of 3 dependencies known; not known: "
            "forked (git+https://example.org/x), pip (came with the environment)"
        ]

    def test_nothing_known_at_all_is_not_run(
        self, project: DemoProject, osv: Service
    ) -> None:
        site = with_environment(project)
        install(site, "forked", "1.0", direct_url='{"url": "file:///x"}')
        assert_not_run(audit(project, osv), "audit", "forked (file:///x)")

    def test_what_is_required_and_not_installed_is_not_run(
        self, project: DemoProject, osv: Service
    ) -> None:
        with_environment(project)
        assert_not_run(audit(project, osv), "audit", "six (not pinned in pyproject")

    def test_no_dependencies_is_skipped(
        self, project: DemoProject, osv: Service
    ) -> None:
        bare_environment(project)
        run = audit(project, osv)
        assert run.code == 0
        assert run.check("audit")["status"] == "skipped"
        assert "there are no dependencies" in run.check("audit")["reason"]

    def test_an_unreachable_service_is_not_run(self, project: DemoProject) -> None:
        with_environment(project, six="1.16.0")
        run = audit(project, "http://127.0.0.1:1")
        assert_not_run(run, "audit", "the OSV service at http://127.0.0.1:1: ")

    @pytest.mark.heavy
    def test_the_baseline_covers_known_advisories(
        self, project: DemoProject, osv: Service
    ) -> None:
        with_environment(project, six="1.16.0")
        osv.add("six", "1.16.0", "PYSEC-2024-1")
        audit(project, osv, "--baseline", "write")
        assert_green(audit(project, osv))
        osv.add("six", "1.16.0", "PYSEC-2024-9")
        assert audit(project, osv).code == 1


def test_a_reason_is_one_line_and_the_output_has_the_rest(
    project: DemoProject, osv: Service
) -> None:
    with_lock(project)
    (project.root / "uv.lock").unlink()
    old, new = 'version = "1.0"\n', 'version = "1.0"\ndependencies = ["six"]\n'
    project.replace("pyproject.toml", old, new)
    run = audit(project, osv)
    assert_not_run(run, "audit", "environment")
    check = run.check("audit")
    assert "\n" not in check["reason"]
    assert "no environment in this test" in check["output"]
