"""Vulnerabilities and licenses of dependencies, and the list of components."""

from __future__ import annotations

import base64
import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ci_engine.configuration.settings import SecurityLevel
from ci_engine.findings.results import RunResult, Status, Verdict
from tests.support.bill_schema import assert_fits_schema
from tests.support.locks import HASH, LOCKS, lock_of
from tests.support.osv import Service, serving
from tests.support.package_index import Index, serving_index
from tests.support.scanning import Repository, result_of

DEAD = "http://127.0.0.1:1"
Json = dict[str, Any]


@pytest.fixture
def osv() -> Iterator[Service]:
    with serving() as service:
        yield service


@pytest.fixture
def index() -> Iterator[Index]:
    with serving_index() as found:
        yield found


def write(repository: Repository, files: dict[str, str]) -> None:
    for name, text in files.items():
        repository.write(name, text)


def scan(
    repository: Repository,
    *only: str,
    osv: str = DEAD,
    index: str = DEAD,
    level: SecurityLevel = "high",
    **options: Any,  # noqa: ANN401 - those of the scan
) -> RunResult:
    variables = {"OSV_SERVICE_URL": osv, "UV_DEFAULT_INDEX": index}
    variables |= {"PIP_INDEX_URL": index, "UV_HTTP_RETRIES": "0", "PIP_RETRIES": "0"}
    return repository.scan(*only, level=level, variables=variables, **options)  # type: ignore[arg-type]


def sbom(repository: Repository) -> Json:
    text = (repository.reports / "sbom.cdx.json").read_text("utf-8")
    assert_fits_schema(text)
    components: list[Json] = json.loads(text)["components"]
    return {each["name"]: each for each in components}


# --- vulnerabilities ----------------------------------------------------------------


def test_what_a_repository_ignores_is_reported(
    repository: Repository, osv: Service
) -> None:
    write(repository, lock_of("uv.lock", six="1.16.0"))
    ignores = '[audit]\nignore = ["GHSA-1"]\nignore-until-fixed = ["GHSA-1"]\n'
    repository.write("uv.toml", ignores)
    more = ignores.replace("[audit]", "[tool.uv.audit]")
    manifest = lock_of("uv.lock", six="1.16.0")["pyproject.toml"]
    pip_audit = '[tool.pip-audit]\nignore-vulns = ["GHSA-1"]\n'
    repository.write("pyproject.toml", f"{manifest}{more}{pip_audit}")
    repository.write(".pip-audit.toml", 'ignore-vuln = ["GHSA-1"]\n')
    repository.write("osv-scanner.toml", '[[IgnoredVulns]]\nid = "GHSA-1"\n')
    osv.add("six", "1.16.0", "GHSA-1")
    run = scan(repository, "audit", osv=osv.url)
    assert [f.rule for f in result_of(run, "audit").findings] == ["GHSA-1"]
    assert run.verdict is Verdict.RED


@pytest.mark.parametrize("level", ["low", "medium", "high", "critical"])
@pytest.mark.parametrize("names", [("MAL-2026-1", ()), ("GHSA-1", ("MAL-2026-1",))])
def test_malware_is_red_whatever_is_accepted(
    level: SecurityLevel,
    names: tuple[str, tuple[str, ...]],
    repository: Repository,
    osv: Service,
) -> None:
    write(repository, lock_of("requirements.txt", six="1.16.0"))
    severity = {"severity": "LOW"}
    osv.add(
        "six", "1.16.0", names[0], aliases=list(names[1]), database_specific=severity
    )
    repository.write(
        "ci-framework/project/waivers.yaml",
        "waivers:\n"
        + "".join(
            f"- {{id: {name}, reason: r, owner: o, expires: 2027-01-01}}\n"
            for name in ("MAL-2026-1", "GHSA-1")
        ),
    )
    run = scan(repository, "audit", osv=osv.url, level=level)
    (finding,) = result_of(run, "audit").findings
    assert (finding.rule, finding.score, finding.waiver) == ("MAL-2026-1", 10.0, "")
    assert "malware: remove it" in finding.message
    assert run.verdict is Verdict.RED


def test_names_of_one_issue_are_one_finding(
    repository: Repository, osv: Service
) -> None:
    write(repository, lock_of("poetry.lock", six="1.16.0"))
    osv.add("six", "1.16.0", "PYSEC-1", aliases=["CVE-1"], fixed="1.18")
    osv.add("six", "1.16.0", "GHSA-1", aliases=["CVE-1", "PYSEC-1"], fixed="1.17")
    osv.add("six", "1.16.0", "GHSA-2", database_specific={"severity": "MODERATE"})
    run = scan(repository, "audit", osv=osv.url)
    found = {f.rule: f for f in result_of(run, "audit").findings}
    assert set(found) == {"GHSA-1", "GHSA-2"}
    assert found["GHSA-1"].also == ("PYSEC-1", "CVE-1")
    assert set(found["GHSA-1"].fix.split()) == {"six", "1.17", "or", "1.18"}
    assert (found["GHSA-1"].score, found["GHSA-2"].score) == (7.0, 5.5)


@pytest.mark.parametrize("level", ["medium", "high"])
def test_half_an_answer_is_never_green(
    level: SecurityLevel, repository: Repository, osv: Service
) -> None:
    write(repository, lock_of("uv.lock", six="1.16.0", idna="3.4"))
    osv.distort = lambda found: found[:1]
    run = scan(repository, "audit", osv=osv.url, level=level)
    assert run.verdict is Verdict.ERROR
    assert "1 responses to 2 queries" in result_of(run, "audit").reason
    osv.distort = lambda found: found
    osv.add("six", "1.16.0", "GHSA-1")
    osv.forgotten = {"GHSA-1"}
    run = scan(repository, "audit", osv=osv.url, level=level)
    assert run.verdict is not Verdict.GREEN
    assert "GHSA-1 could not be described" in result_of(run, "audit").reason


@pytest.mark.parametrize("kind", LOCKS)
def test_a_stale_lock_is_never_green(
    kind: str, repository: Repository, osv: Service
) -> None:
    write(repository, lock_of(kind, "six>=1.17", six="1.16.0"))
    run = scan(repository, "audit", "sbom", osv=osv.url, level="high")
    assert {check.status for check in run.checks} == {Status.NOT_RUN}
    assert "run `" in result_of(run, "audit").reason
    assert run.verdict is Verdict.ERROR


def test_what_is_not_read_is_named(repository: Repository, osv: Service) -> None:
    write(repository, {"web/package-lock.json": "{}"})
    run = scan(repository, "audit", osv=osv.url)
    reason = result_of(run, "audit").reason
    assert reason.endswith("no dependencies; not read: web/package-lock.json (npm)")
    write(repository, lock_of("uv.lock", six="1.16.0"))
    run = scan(repository, "audit", osv=osv.url)
    assert "not read: web/package-lock.json (npm)" in result_of(run, "audit").notes


# --- without a lock -----------------------------------------------------------------

EVIL = "from pathlib import Path\nPath({!r}).touch()\n"


def unlocked(repository: Repository, marker: Path) -> None:
    """A project without a lock, whose build would leave a trace."""
    repository.write(
        "pyproject.toml",
        '[project]\nname = "demo"\nversion = "1"\ndependencies = ["six>=1"]\n'
        '[build-system]\nrequires = []\nbuild-backend = "evil"\nbackend-path = ["."]\n'
        '[tool.uv]\nno-index = true\nindex-url = "http://127.0.0.1:2/"\n',
    )
    repository.write("uv.toml", 'index-url = "http://127.0.0.1:2/"\n')
    repository.write("pip.conf", "[global]\nindex-url = http://127.0.0.1:2/\n")
    repository.write(".python-version", "; touch it\n")
    for name in ("evil.py", "setup.py", "sitecustomize.py"):
        repository.write(name, EVIL.format(str(marker)))
    repository.commit()


@pytest.mark.parametrize("with_uv", [True, False])
def test_a_first_scan_runs_no_code_and_leaves_the_tree_as_it_was(
    with_uv: bool, repository: Repository, osv: Service, index: Index, tmp_path: Path
) -> None:
    marker = tmp_path / "it-ran"
    unlocked(repository, marker)
    if with_uv:
        uv = shutil.which("uv") or ""
        own = Path(sys.prefix) / "bin" / "uv"
        (repository.programs / "uv").symlink_to(own if own.exists() else uv)
    index.add("six", "1.16.0", "License: MIT", "Requires-Dist: idna")
    index.add("idna", "3.4", "License-Expression: BSD-3-Clause")
    osv.add("six", "1.16.0", "GHSA-1")
    run = scan(repository, "audit", "sbom", osv=osv.url, index=index.url)
    result = result_of(run, "audit")
    assert result.notes[0] == ("the index, as of today: 2 of 2 dependencies known"), (
        result
    )
    (finding,) = result.findings
    assert (finding.path, finding.rule) == ("pyproject.toml", "GHSA-1")
    assert {n: c["licenses"] for n, c in sbom(repository).items()} == {
        "six": [{"license": {"name": "MIT"}}],
        "idna": [{"license": {"name": "BSD-3-Clause"}}],
    }
    assert not marker.exists()
    left = {path.name for path in repository.root.iterdir()}
    assert not left & {"uv.lock", ".venv", "build", "demo.egg-info"}


@pytest.mark.parametrize("level", ["medium", "high"])
def test_a_first_scan_without_an_index_is_never_green(
    level: SecurityLevel, repository: Repository, osv: Service, tmp_path: Path
) -> None:
    unlocked(repository, tmp_path / "it-ran")
    run = scan(repository, "audit", osv=osv.url, level=level)
    assert run.verdict is Verdict.ERROR
    assert (
        "there is no lock file, and the versions could not be"
        in result_of(run, "audit").reason
    )
    assert "commit a lock file" in result_of(run, "audit").reason
    repository.write("pyproject.toml", "")
    text = "from setuptools import setup\nsetup(install_requires=open('r').read())\n"
    repository.write("setup.py", text)
    run = scan(repository, "audit", osv=osv.url, level=level)
    assert "setup.py computes its requirements" in result_of(run, "audit").reason
    assert run.verdict is Verdict.ERROR


# --- licenses -----------------------------------------------------------------------

DENY = {"denied-licenses": ["gpl"]}


@pytest.mark.parametrize("old", [False, True])
@pytest.mark.parametrize("kind", ["uv.lock", "poetry.lock", "pdm.lock"])
def test_denied_licenses_of_a_lock_are_found_by_the_index(
    kind: str, old: bool, repository: Repository, index: Index
) -> None:
    index.old = old
    files = lock_of(kind, six="1.16.0", idna="3.4", attrs="1")
    files[kind] = files[kind].replace(
        HASH, index.add("six", "1.16.0", "Classifier: License :: OSI :: GPLv3"), 1
    )
    index.add("idna", "3.4", "License: MIT")
    write(repository, files)
    run = scan(repository, "licenses", index=index.url, settings=DENY)
    result = result_of(run, "licenses")
    assert [f.message for f in result.findings] == ["six 1.16.0: license GPLv3"]
    assert result.findings[0].path == kind
    # The index has no file with the hash that is locked for one of them.
    assert "without a stated license: attrs, idna" in result.notes[1]
    assert run.verdict is Verdict.RED


def test_licenses_of_what_is_installed_need_no_index(repository: Repository) -> None:
    files = lock_of("requirements.txt", six="1.16.0", idna="3.4")
    write(repository, files)
    site = repository.root / ".venv/lib/python3.11/site-packages"
    for name, text in (("six-1.16.0", "Version: 1.16.0"), ("idna-3.4", "Version: 3.4")):
        folder = site / f"{name}.dist-info"
        folder.mkdir(parents=True)
        short = name.partition("-")[0]
        more = f"License: GPL\nName: {short}\n{text}\n"
        (folder / "METADATA").write_text(more, encoding="utf-8")
    repository.write(".gitignore", ".venv/\n.ci-framework/\n")
    repository.commit()
    run = scan(repository, "licenses", settings=DENY)
    found = result_of(run, "licenses")
    assert {f.message for f in found.findings} == {
        "six 1.16.0: license GPL",
        "idna 3.4: license GPL",
    }
    # What is committed is not an environment.
    repository.write(".gitignore", ".ci-framework/\n")
    repository.commit()
    run = scan(repository, "licenses", settings=DENY)
    assert result_of(run, "licenses").status is Status.NOT_RUN


def test_an_index_that_lies_or_is_not_there_is_not_run(
    repository: Repository, index: Index
) -> None:
    files = lock_of("uv.lock", six="1.16.0")
    digest = index.add("six", "1.16.0", "License: MIT")
    files["uv.lock"] = files["uv.lock"].replace(HASH, digest)
    write(repository, files)
    run = scan(repository, "licenses", "sbom", index=index.url, settings=DENY)
    assert run.verdict is Verdict.GREEN
    private = index.url.replace("//", "//user:pass%21word@")
    run = scan(repository, "licenses", index=private, settings=DENY)
    assert run.verdict is Verdict.GREEN
    assert index.keys == {"Basic " + base64.b64encode(b"user:pass!word").decode()}
    index.lies = True
    run = scan(repository, "licenses", index=index.url, settings=DENY)
    assert "does not have the hash" in result_of(run, "licenses").reason
    for address in (DEAD, "file:///etc"):
        run = scan(repository, "licenses", "sbom", index=address, settings=DENY)
        assert (
            "of 1 are not known, such as that of six"
            in result_of(run, "licenses").reason
        )
        # The list is complete without them, and says so.
        assert result_of(run, "sbom").status is Status.PASSED
        assert "the licenses of 1 are not known" in result_of(run, "sbom").notes[-1]
        assert run.verdict is Verdict.ERROR
    component = sbom(repository)["six"]
    assert component["hashes"] == [{"alg": "SHA-256", "content": digest}]


def test_licenses_of_conda_are_in_its_lock(repository: Repository) -> None:
    url = "https://conda.anaconda.org/conda-forge/linux-64/openssl-3.5.0-h_1.conda"
    lock = f"version: 6\npackages:\n- conda: {url}\n  license: GPL-3.0\n"
    repository.write("pixi.lock", lock)
    run = scan(repository, "licenses", settings=DENY)
    (finding,) = result_of(run, "licenses").findings
    assert finding.message == "openssl 3.5.0: license GPL-3.0"
    assert (finding.path, finding.line) == ("pixi.lock", 3)
    run = scan(repository, "licenses")
    assert result_of(run, "licenses").status is Status.SKIPPED


# --- the list of components ---------------------------------------------------------


@pytest.mark.heavy
def test_the_list_may_be_off_and_counts_what_has_no_name(
    repository: Repository,
) -> None:
    text = "six==1.16.0\nidna>=3\n"
    repository.write("requirements.txt", text)
    repository.write("requirements-docs.txt", "sphinx\n")
    run = scan(repository, "sbom")
    assert result_of(run, "sbom").status is Status.NOT_RUN
    repository.write("requirements.txt", "six==1.16.0\n")
    run = scan(repository, "sbom")
    assert "1 more have neither a name nor a version" in result_of(run, "sbom").notes
    assert set(sbom(repository)) == {"six"}
    repository.write(
        "ci-framework.toml", "[tool.ci-framework.security]\ngenerate-sbom = false\n"
    )
    run = scan(repository, "sbom")
    assert result_of(run, "sbom").status is Status.SKIPPED


@pytest.mark.parametrize("tool", ["syft", "trivy"])
def test_images_have_lists_of_their_own(tool: str, repository: Repository) -> None:
    settings = {"images": ["demo:1"], "scan-containers": True}
    run = scan(repository, "sbom", settings=settings)
    assert "neither syft nor trivy is installed" in result_of(run, "sbom").reason
    listed = '{"bomFormat": "CycloneDX", "components": [{"name": "a"}]}'
    wanted = f'case "$word" in *.cdx.json) echo \'{listed}\' > "${{word#*=}}";; esac'
    repository.stand_in(tool, f'for word in "$@"; do {wanted}; done')
    run = scan(repository, "sbom", settings=settings)
    assert f"{tool} listed what is in demo:1" in result_of(run, "sbom").notes[-1]
    assert (repository.reports / "sbom-image-1.cdx.json").is_file()
    repository.stand_in(tool, "exit 1")
    run = scan(repository, "sbom", settings=settings)
    assert result_of(run, "sbom").status is Status.NOT_RUN
