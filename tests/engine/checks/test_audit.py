"""The check `audit`: known vulnerabilities of the lock, else of the environment."""

from __future__ import annotations

import json
import shutil
import sys
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

# A uv that does everything but prepare environments from a lock made up by hand.
UV = """\
import os, sys
if sys.argv[1:2] == ["sync"]:
    sys.exit("no environment in this test")
os.execv({real!r}, [{real!r}, *sys.argv[1:]])
"""
OLD_UV = """\
import os, sys
if sys.argv[1:2] == ["audit"]:
    print("error: unrecognized subcommand 'audit'", file=sys.stderr)
    sys.exit(2)
if sys.argv[1:2] == ["sync"]:
    sys.exit("no environment in this test")
os.execv({real!r}, [{real!r}, *sys.argv[1:]])
"""


@pytest.fixture
def osv() -> Iterator[Service]:
    with serving() as service:
        yield service


def audit(project: DemoProject, service: Service | str, *words: str) -> Run:
    url = service if isinstance(service, str) else service.url
    path = f"{project.root.parent / 'programs'}:/usr/local/bin:/usr/bin:/bin"
    # One try, so that an unreachable service is an answer at once.
    variables = {"OSV_SERVICE_URL": url, "UV_HTTP_RETRIES": "0", "PATH": path}
    return project.gate("audit", "--tier", "extended", *words, variables=variables)


def with_lock(project: DemoProject, script: str = UV) -> DemoProject:
    """Give the project a lock, and a uv that may audit it."""
    real = Path(sys.prefix) / "bin" / "uv"
    found = str(real) if real.exists() else shutil.which("uv")
    assert found, "the tests need uv"
    script = script.replace("{real!r}", repr(found))
    program(project.root.parent / "programs", "uv", script)
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
    return bare_environment(project, packages, {"pip-audit": ""})


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

    def test_a_withdrawn_advisory_is_green_and_told(
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
        run = audit(with_lock(project), "http://127.0.0.1:1")
        assert_not_run(run, "audit", "uv: unusable output: error: ")

    def test_a_broken_service_is_not_run(
        self, project: DemoProject, osv: Service
    ) -> None:
        osv.broken = True
        assert_not_run(audit(with_lock(project), osv), "audit", "uv: ")

    @pytest.mark.parametrize(
        ("script", "reason"),
        [
            ("print('hello')", "unusable output"),
            (
                'print(\'{"summary": {"audited_packages": 9, "vulnerabilities": 1},'
                ' "vulnerabilities": []}\')',
                "contradicts itself",
            ),
            (
                'print(\'{"summary": {"audited_packages": 1, "vulnerabilities": 0},'
                ' "vulnerabilities": []}\')',
                "only 1 of 2 dependencies audited",
            ),
        ],
    )
    def test_a_uv_that_does_not_work_is_not_run(
        self, project: DemoProject, osv: Service, script: str, reason: str
    ) -> None:
        assert_not_run(audit(with_lock(project, script), osv), "audit", reason)

    def test_a_quarantined_package_is_red_an_archived_one_warns(
        self, project: DemoProject, osv: Service
    ) -> None:
        script = (
            'print(\'{"summary": {"audited_packages": 3, "vulnerabilities": 0},'
            ' "vulnerabilities": [], "adverse_statuses": [{"name": "six",'
            ' "status": "STATUS", "reason": "because"}]}\')\nraise SystemExit(1)'
        )
        red = script.replace("STATUS", "quarantined")
        run = audit(with_lock(project, red), osv)
        assert_red(run, "audit", "uv.lock", SIX_LINE)
        program(project.root.parent / "programs", "uv", script)
        assert_green(audit(project, osv))

    def test_a_lock_that_is_none_is_not_run(
        self, project: DemoProject, osv: Service
    ) -> None:
        with_lock(project).write("uv.lock", "[[package]]\nname = 3\n")
        assert_not_run(audit(project, osv), "audit", "uv.lock: ")

    @pytest.mark.heavy
    def test_an_old_uv_leaves_the_lock_to_the_locked_pip_audit(
        self, project: DemoProject, osv: Service
    ) -> None:
        with_lock(project, OLD_UV)
        second = '\n[[package]]\nname = "six"\nversion = "1.17.0"\n'
        second += 'source = { registry = "https://pypi.org/simple" }\n'
        project.append("uv.lock", second)
        osv.add("six", "1.17.0", "GHSA-lock-6")
        run = audit(project, osv)
        line = LOCK.count("\n") + 3
        assert_red(run, "audit", "uv.lock", line)
        assert run.check("audit")["environment"] == "isolated, locked by ci-framework"
        assert {("six", "1.16.0"), ("six", "1.17.0")} <= set(osv.asked)


class TestEnvironment:
    @pytest.mark.heavy
    def test_no_vulnerability_is_green_and_the_project_is_left_out(
        self, project: DemoProject, osv: Service
    ) -> None:
        with_environment(project, six="1.16.0", demo="1.0")
        run = audit(project, osv)
        assert_green(run)
        assert osv.asked == [("six", "1.16.0")]
        assert run.check("audit")["tool"].startswith("pip-audit")
        assert run.check("audit")["notes"] == [".venv: 1 of 1 dependencies known"]

    def test_a_vulnerability_is_red_where_it_is_asked_for(
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

    def test_what_no_index_served_is_told(
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

    def test_no_dependencies_is_skipped(
        self, project: DemoProject, osv: Service
    ) -> None:
        with_environment(project)
        run = audit(project, osv)
        assert run.code == 0
        assert run.check("audit")["status"] == "skipped"
        assert "there are no dependencies" in run.check("audit")["reason"]

    def test_an_unreachable_service_is_not_run(self, project: DemoProject) -> None:
        with_environment(project, six="1.16.0")
        run = audit(project, "http://127.0.0.1:1")
        assert_not_run(run, "audit", "pip-audit: unusable output: ")

    @pytest.mark.parametrize(
        ("script", "reason"),
        [
            ("print('hello')", "unusable output"),
            ("print('{\"dependencies\": []}')", "1 of the dependencies are not"),
            (
                'print(\'{"dependencies": [{"name": "six"}]}\')\nraise SystemExit(1)',
                "exit code 1",
            ),
            (
                'print(\'{"dependencies": [{"name": "six", "skip_reason": "?"}]}\')',
                "no advisory database knows these: six",
            ),
        ],
    )
    def test_a_pip_audit_that_does_not_work_is_not_run(
        self, project: DemoProject, osv: Service, script: str, reason: str
    ) -> None:
        bare_environment(project, {"six": "1.16.0"}, {"pip-audit": script})
        assert_not_run(audit(project, osv), "audit", reason)

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
