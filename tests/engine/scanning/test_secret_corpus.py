"""Secrets as people commit them, and look-alikes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from ci_engine.configuration.defaults import configs_directory
from ci_engine.findings.results import Verdict
from tests.support.scanning import Repository, result_of
from tests.support.secret_corpus import look_alikes, secrets

# What may be missed, and what may be flagged, with new random values.
MISSED = 5
FLAGGED = 1


def test_the_corpus_is_large_and_has_each_kind_once() -> None:
    kinds = [sample.kind for sample in secrets()]
    assert len(kinds) == len(set(kinds)) >= 80
    assert len(look_alikes()) >= 45
    assert all(sample.secrets or "\n" in sample.text for sample in secrets())


@pytest.mark.heavy
@pytest.mark.parametrize("seed", [5, 23])
def test_secrets_are_found_and_look_alikes_are_not(
    seed: int, repository: Repository
) -> None:
    for sample in [*secrets(seed), *look_alikes(seed)]:
        repository.write(f"corpus/{sample.file}", sample.text)
    run = repository.scan("kingfisher")
    assert run.verdict is Verdict.RED
    found = {f.path: f for f in result_of(run, "kingfisher").findings}
    missed = [s.kind for s in secrets(seed) if f"corpus/{s.file}" not in found]
    assert len(missed) <= MISSED, missed
    flagged = {
        s.kind: found[f"corpus/{s.file}"].rule
        for s in look_alikes(seed)
        if f"corpus/{s.file}" in found
    }
    assert len(flagged) <= FLAGGED, flagged
    assert all(finding.message and finding.line for finding in found.values())
    values = [value for sample in secrets(seed) for value in sample.secrets]
    for report in [path for path in repository.reports.rglob("*") if path.is_file()]:
        text = report.read_text(encoding="utf-8")
        assert not [value for value in values if value in text], report.name


@pytest.mark.heavy
def test_a_token_is_reported_once_and_as_what_it_is(repository: Repository) -> None:
    by_kind = {sample.kind: sample for sample in secrets()}
    text = by_kind["github-classic"].text + by_kind["python-password"].text
    repository.write("src/demo/keys.py", text.replace("GITHUB", "password"))
    findings = result_of(repository.scan("kingfisher"), "kingfisher").findings
    assert [(f.line, f.rule) for f in findings] == [(1, "github-pat"), (2, "password")]


@pytest.mark.heavy
def test_no_file_is_a_hiding_place_by_its_name(repository: Repository) -> None:
    text = next(sample.text for sample in secrets() if sample.kind == "github-classic")
    names = ["node_modules/a.js", "package-lock.json", "go.sum", "a.svg", "a.png"]
    for name in names:
        repository.write(name, text)
    repository.commit()
    findings = result_of(repository.scan("kingfisher"), "kingfisher").findings
    assert {finding.path for finding in findings} == set(names)


@pytest.mark.heavy
def test_kingfisher_accepts_our_rules() -> None:
    program = Path(sys.prefix) / "bin" / "kingfisher"
    rules = configs_directory() / "secret-rules.yaml"
    command = [str(program), "rules", "check", "--no-update-check"]
    command += ["--load-builtins", "false", "--rules-path", str(rules)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
