"""A scan never runs code of the repository that a scanner's own files name."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import cast

import pytest

from ci_engine.findings.results import Status, Verdict
from tests.support.scanning import Repository, result_of
from tests.support.secrets import seeded

CODE = """\
from pathlib import Path

Path({marker!r}).touch()


def skip(secret):
    return True
"""
PLAIN: dict[str, object] = {
    "version": "1.5.0",
    "plugins_used": [{"name": "GitHubTokenDetector"}],
    "filters_used": [{"path": "detect_secrets.filters.allowlist.is_line_allowlisted"}],
    "results": {},
    "generated_at": "2026-01-01T00:00:00Z",
}
HOSTILE = {
    "plugin": {"plugins_used": [{"name": "Evil", "path": "file://evil.py"}]},
    "filter": {"filters_used": [{"path": "file://evil.py::skip"}]},
    "module": {"filters_used": [{"path": "evil.skip"}]},
    "module beside its own": {"filters_used": [{"path": "detect_secrets.evil.skip"}]},
    "no list": {"plugins_used": {"Evil": {"path": "file://evil.py"}}},
    "version 0": {"version": "0.12.0", "custom_plugin_paths": ["evil.py"]},
}


@pytest.mark.parametrize("level", ["low", "high"])
@pytest.mark.parametrize("kind", list(HOSTILE))
def test_a_baseline_that_names_code_is_reported_and_the_code_not_run(
    repository: Repository, tmp_path: Path, kind: str, level: str
) -> None:
    marker = tmp_path / "it-ran"
    repository.write("evil.py", CODE.format(marker=str(marker)))
    text = json.dumps({**PLAIN, **HOSTILE[kind]}, indent=2)
    repository.write(".secrets.baseline", text)
    repository.commit()
    # Nothing but the refusal keeps the code from being found.
    variables = {"PYTHONPATH": str(repository.root)}
    run = repository.scan("detect-secrets", level=level, variables=variables)  # type: ignore[arg-type]
    assert not marker.exists()
    assert run.verdict is Verdict.RED
    (finding,) = result_of(run, "detect-secrets").findings
    assert (finding.path, finding.rule) == (".secrets.baseline", "baseline-names-code")
    if kind != "no list":
        assert "evil" in text.splitlines()[finding.line - 1]


@pytest.mark.heavy
def test_the_secrets_of_a_refused_baseline_stay_known(repository: Repository) -> None:
    name, text, _ = next(seeded())
    repository.write(name, text)
    repository.write(".secrets.baseline", json.dumps(PLAIN))
    repository.commit()
    found = result_of(repository.scan("detect-secrets"), "detect-secrets")
    assert [each.path for each in found.findings] == [name]
    assert found.status is Status.FAILED
    filters = [{"path": "file://evil.py::skip"}]
    baseline = {**PLAIN, "filters_used": filters, "results": known(repository, name)}
    repository.write(".secrets.baseline", json.dumps(baseline))
    found = result_of(repository.scan("detect-secrets"), "detect-secrets")
    assert [each.rule for each in found.findings] == ["baseline-names-code"]


def known(repository: Repository, name: str) -> dict[str, object]:
    """What detect-secrets itself records of a file."""
    command = [str(Path(sys.prefix) / "bin" / "detect-secrets"), "scan", name]
    done = subprocess.run(
        command, cwd=repository.root, capture_output=True, text=True, check=True
    )
    return cast("dict[str, object]", json.loads(done.stdout)["results"])


def test_trivy_is_given_a_configuration_of_our_own(repository: Repository) -> None:
    repository.write("trivy.yaml", "module:\n  dir: modules\n")
    log = repository.programs / "log"
    repository.stand_in(
        "trivy",
        f'echo "$@" >> {log}\n'
        'if [ "$1" = --version ]; then echo 1.2.3; exit; fi\n'
        'echo \'{"ArtifactName": "demo", "Results": []}\'',
    )
    settings = {"images": ["demo:1"], "scan-containers": True}
    run = repository.scan("trivy", level="critical", settings=settings)
    assert result_of(run, "trivy").status is Status.PASSED, result_of(run, "trivy")
    own = repository.reports / "trivy.yaml"
    assert f"--config {own}" in log.read_text(encoding="utf-8")
    assert own.read_text(encoding="utf-8") == "{}\n"
