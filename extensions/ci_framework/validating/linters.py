"""What other programs say of the configuration, before and after."""

from __future__ import annotations

import re
import shutil
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from ci_engine.findings.results import Finding, Status
from ci_engine.processes.programs import Outcome as Ended
from ci_engine.processes.programs import run_program
from ci_framework.validating.clones import Clone, child_environment
from ci_framework.validating.engine import lent_engine, run_engine
from ci_framework.validating.model import (
    AdoptionFacts,
    Outcome,
    judged,
    not_run,
    passed,
    skipped,
)

__all__ = [
    "check_actionlint",
    "check_hooks_file",
    "check_settings",
    "check_zizmor",
]

_SECONDS = 300.0
_WORKFLOWS = ".github/workflows"
_HOOKS = ".pre-commit-config.yaml"
# Places move with what is inserted above them: two findings are the same without.
_NUMBERS = re.compile(r"\d+")


class _Issue(msgspec.Struct):
    """A finding of actionlint."""

    filepath: str
    message: str
    line: int = 0


class _Given(msgspec.Struct):
    # The first is what releases before 1.30 called it.
    given_path: str = ""
    verbatim_path: str = ""


class _LocalKey(msgspec.Struct):
    local: _Given = msgspec.field(name="Local", default_factory=_Given)


class _Symbolic(msgspec.Struct):
    key: _LocalKey = msgspec.field(default_factory=_LocalKey)


class _Location(msgspec.Struct):
    symbolic: _Symbolic = msgspec.field(default_factory=_Symbolic)


class _Audit(msgspec.Struct):
    """A finding of zizmor, as far as it matters here."""

    ident: str
    desc: str = ""
    locations: list[_Location] = []


def _program(name: str) -> str | None:
    """A program of the environment that runs this, or of the path."""
    beside = shutil.which(name, path=str(Path(sys.executable).parent))
    return beside or shutil.which(name)


def _run(command: Sequence[str], clone: Clone) -> Ended:
    return run_program(
        command, cwd=clone.root, timeout=_SECONDS, variables=child_environment()
    )


def _compare(
    before: Iterable[tuple[str, str]],
    after: Iterable[tuple[str, str]],
    adoption: AdoptionFacts,
    tool: str,
) -> Outcome:
    """No finding in what is ours, and no new one in what is the project's."""
    known = Counter((path, _NUMBERS.sub("#", text)) for path, text in before)
    number = sum(known.values())
    created = set(adoption.created)
    faults: list[str] = []
    for path, text in after:
        key = (path, _NUMBERS.sub("#", text))
        if path in created:
            faults.append(f"{path}: {text} (a file of the framework)")
        elif known[key] > 0:
            known[key] -= 1
        else:
            faults.append(f"{path}: {text}")
    good = f"{tool} finds nothing new"
    if number:
        noun = "finding" if number == 1 else "findings"
        good += f"; {number} {noun} in the project's own files are as before"
    return judged(faults, good, f"{tool} has new findings")


def check_actionlint(base: Clone, adopted: Clone, adoption: AdoptionFacts) -> Outcome:
    """Workflows: nothing new in the project's, nothing at all in ours."""
    program = _program("actionlint")
    if program is None:
        return skipped("actionlint is not installed")
    found: list[list[tuple[str, str]]] = []
    for clone in (base, adopted):
        if not (clone.root / _WORKFLOWS).is_dir():
            found.append([])
            continue
        done = _run([program, "-no-color", "-format", "{{json .}}"], clone)
        try:
            issues = msgspec.json.decode(done.raw or b"[]", type=list[_Issue])
        except msgspec.DecodeError:
            return not_run(
                f"actionlint: {done.describe_exit()}", done.tail().splitlines()
            )
        if done.code not in (0, 1):
            return not_run(
                f"actionlint: {done.describe_exit()}", done.tail().splitlines()
            )
        rows = [
            (issue.filepath.replace("\\", "/"), f"line {issue.line}: {issue.message}")
            for issue in issues
        ]
        found.append(rows)
    return _compare(found[0], found[1], adoption, "actionlint")


def check_zizmor(base: Clone, adopted: Clone, adoption: AdoptionFacts) -> Outcome:
    """Security of the workflows: the same rule, without a network."""
    program = _program("zizmor")
    if program is None:
        return skipped("zizmor is not installed")
    found: list[list[tuple[str, str]]] = []
    for clone in (base, adopted):
        if not (clone.root / ".github").is_dir():
            found.append([])
            continue
        words = ["--offline", "--no-progress", "--format", "json-v1", "--no-exit-codes"]
        done = _run([program, *words, "--persona", "auditor", "."], clone)
        nothing = "no inputs collected" in done.stderr
        try:
            raw = b"[]" if nothing else done.raw
            audits = msgspec.json.decode(raw, type=list[_Audit])
        except msgspec.DecodeError:
            return not_run(f"zizmor: {done.describe_exit()}", done.tail().splitlines())
        rows = [(_location(a), f"{a.ident}: {a.desc}") for a in audits]
        found.append([row for row in rows if not _intended(row, adoption)])
    return _compare(found[0], found[1], adoption, "zizmor")


def _intended(row: tuple[str, str], adoption: AdoptionFacts) -> bool:
    """Whether it is what the framework does on purpose.

    Its own configuration turns this rule off: ``./`` is what every runner takes. A
    project with a configuration of its own has that one read instead.
    """
    path, text = row
    return text.startswith("self-repository:") and path in adoption.created


def _location(audit: _Audit) -> str:
    """The file of a finding, from the top of the repository."""
    locations = (item.symbolic.key.local for item in audit.locations)
    path = next(filter(None, (p.verbatim_path or p.given_path for p in locations)), "")
    return path.replace("\\", "/").removeprefix("./")


def check_hooks_file(base: Clone, adopted: Clone) -> Outcome:
    """pre-commit takes its configuration, if it took it before."""
    program = _program("pre-commit")
    if program is None:
        return skipped("pre-commit is not installed")
    if not (adopted.root / _HOOKS).is_file():
        return skipped("the project has no pre-commit hooks")
    after = _run([program, "validate-config", _HOOKS], adopted)
    if after.code == 0:
        return passed("pre-commit takes its configuration")
    if (base.root / _HOOKS).is_file():
        before = _run([program, "validate-config", _HOOKS], base)
        if before.code != 0:
            return passed("pre-commit refuses its configuration as it did before")
    return judged(after.tail().splitlines(), "", "pre-commit refuses its configuration")


def check_settings(base: Clone, adopted: Clone) -> Outcome:
    """The engine takes every configuration file, or refused it before as well."""
    run = run_engine(adopted, ["validate", "--json"], timeout=_SECONDS)
    broken = [check for check in run.result.checks if check.status is Status.NOT_RUN]
    after = [finding for check in run.result.checks for finding in check.findings]
    if after:
        with lent_engine(adopted, base):
            earlier = run_engine(base, ["validate", "--json"], timeout=_SECONDS)
        checks = earlier.result.checks
        before = {_key(finding) for check in checks for finding in check.findings}
        new = [f"{f.location} {f.message}" for f in after if _key(f) not in before]
        if new:
            return judged(new, "", "the engine refuses the configuration")
    if broken:
        reasons = [f"{check.id}: {check.reason}" for check in broken]
        return not_run("the engine could not check everything", reasons)
    known = f"; {len(after)} mistakes were there before" if after else ""
    return passed(f"the engine takes the configuration{known}")


def _key(finding: Finding) -> tuple[str, str, str]:
    return finding.rule, finding.path, finding.message
