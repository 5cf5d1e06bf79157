"""Container images: the real output of grype and syft, and skipped images.

``recorded/`` holds the output of grype 0.121.3 and syft 1.57.1 for an image of Alpine
with requests 2.19.0; grype looked it up in a database with one advisory.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from ci_engine.findings.results import Status, Verdict
from tests.support.scanning import Json, Repository, result_of

RECORDED = Path(__file__).parent / "recorded"
IMAGES: Json = {"images": ["demo:1"], "scan-containers": True}
# What grype ends with where it has no database; with --quiet it says nothing.
NO_DATABASE = (
    "[0010] ERROR \\033[31mfailed to load vulnerability db: "
    "database does not exist\\033[0m"
)


def grype(repository: Repository) -> Path:
    """Let a fake grype print recorded output, and log its arguments."""
    log = repository.programs / "log"
    repository.stand_in(
        "grype",
        f'echo "$@" >> {log}\n[ "$1" = --version ] && {{ echo grype 0.121.3; exit; }}\n'
        f"cat {RECORDED / 'grype-0.121.3.json'}",
    )
    return log


def syft(repository: Repository, text: str) -> None:
    """Let syft write an inventory to the file that it is given."""
    find = (
        'for word; do case "$word" in cyclonedx-json=*) file="${word#*=}";; esac; done'
    )
    version = '[ "$1" = --version ] && { echo syft 1.57.1; exit; }'
    repository.stand_in("syft", f"{version}\n{find}\n{text}")


def test_real_output_of_grype_is_read(repository: Repository) -> None:
    log = grype(repository)
    repository.write(".grype.yaml", "exclude: ['**']\nignore: [{fix-state: fixed}]\n")
    run = repository.scan("grype", settings=IMAGES)
    result = result_of(run, "grype")
    (issue,) = result.findings
    assert (issue.rule, issue.also) == ("GHSA-x84v-xcm2-53pg", ("CVE-2018-18074",))
    assert (issue.fix, issue.score) == ("requests 2.20.0", 8.0)
    assert issue.message.startswith("requests 2.19.0 in demo:1: requests sends")
    assert result.tool == "grype 0.121.3"
    assert run.verdict is Verdict.RED
    (call,) = [row for row in log.read_text("utf-8").splitlines() if "demo:1" in row]
    assert f"--config {repository.reports / 'grype.yaml'}" in call
    assert "--quiet" not in call
    assert any("not used: .grype.yaml" in note for note in result.notes)


def test_what_grype_says_when_it_fails_is_the_reason(repository: Repository) -> None:
    version = '[ "$1" = --version ] && exit'
    repository.stand_in("grype", f"{version}\nprintf '{NO_DATABASE}\\n' >&2; exit 1")
    run = repository.scan("grype", settings=IMAGES)
    assert run.verdict is Verdict.ERROR
    reason = result_of(run, "grype").reason
    assert "failed to load vulnerability db: database does not exist" in reason
    assert "\033" not in reason


def test_real_output_of_syft_is_an_inventory(repository: Repository) -> None:
    syft(repository, f'cat {RECORDED / "syft-1.57.1.cdx.json"} > "$file"')
    stale = repository.write(".ci-framework/scan/sbom-image-7.cdx.json", "{}")
    run = repository.scan("sbom", settings=IMAGES)
    result = result_of(run, "sbom")
    assert result.status is Status.PASSED
    assert "syft 1.57.1 listed what is in demo:1" in result.notes
    assert not stale.exists()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("exit 0", "unusable output"),
        (': > "$file"; echo "could not determine source: error" >&2; exit 1', "source"),
        (': > "$file"', "unusable output"),
        ('echo "{}" > "$file"', "unusable output"),
        ('echo \'{"bomFormat": "CycloneDX"}\' > "$file"', "found nothing in demo:1"),
    ],
    ids=["no file", "failed", "empty", "other", "no components"],
)
def test_an_old_or_empty_inventory_of_an_image_is_not_run(
    text: str, reason: str, repository: Repository
) -> None:
    old = (RECORDED / "syft-1.57.1.cdx.json").read_text(encoding="utf-8")
    repository.write(".ci-framework/scan/sbom-image-1.cdx.json", old)
    syft(repository, text)
    run = repository.scan("sbom", settings=IMAGES)
    assert run.verdict is Verdict.ERROR
    assert reason in result_of(run, "sbom").reason


@pytest.mark.parametrize(
    "name",
    ["Dockerfile", "app/Containerfile", "docker-compose.yml", "compose.dev.yaml"],
)
@pytest.mark.parametrize("installed", [True, False])
def test_containers_without_a_named_image_are_not_run(
    name: str, installed: bool, repository: Repository
) -> None:
    if installed:
        grype(repository)
    (repository.root / "Dockerfile").unlink()
    repository.write(name, "FROM python:3.13-slim\n")
    run = repository.scan("trivy", "grype", settings={"scan-containers": True})
    assert run.verdict is Verdict.ERROR
    reason = result_of(run, "grype").reason
    assert "no image is named" in reason
    assert name in reason
    assert repository.scan("trivy", "grype").verdict is Verdict.GREEN


def test_one_of_two_scanners_of_images_is_enough(repository: Repository) -> None:
    run = repository.scan("trivy", "grype", settings=IMAGES)
    assert run.verdict is Verdict.ERROR
    assert "neither grype nor trivy is" in result_of(run, "grype").reason
    grype(repository)
    run = repository.scan("trivy", "grype", settings=IMAGES)
    assert result_of(run, "trivy").reason.startswith("not installed; grype scans")
    assert run.verdict is Verdict.RED
