"""Compare the reports of linters on the configuration before and after."""

from __future__ import annotations

import re
import shutil
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from ci_engine.findings.results import Finding, Status
from ci_engine.processes.programs import Outcome as Ended
from ci_engine.processes.programs import run_program
from ci_framework.validating.clones import Clone, Clones, child_environment
from ci_framework.validating.engine import run_engine
from ci_framework.validating.model import (
    AdoptionFacts,
    Outcome,
    judged,
    not_run,
    passed,
    skipped,
)

_SECONDS = 300.0
_HOOKS = ".pre-commit-config.yaml"
# Insertions above change line numbers, so they are not compared.
_NUMBERS = re.compile(r"\d+")
# What actionlint and zizmor print if there is nothing to check.
_NO_INPUT = ("no project was found", "no YAML file was found", "no inputs collected")
# A finding as its file and its text.
_Row = tuple[str, str]


class _Issue(msgspec.Struct):
    """A finding of actionlint."""

    filepath: str
    message: str
    line: int = 0


class _Given(msgspec.Struct):
    # The first is the name in releases before 1.30.
    given_path: str = ""
    verbatim_path: str = ""


class _LocalKey(msgspec.Struct):
    local: _Given = msgspec.field(name="Local", default_factory=_Given)


class _Symbolic(msgspec.Struct):
    key: _LocalKey = msgspec.field(default_factory=_LocalKey)


class _Location(msgspec.Struct):
    symbolic: _Symbolic = msgspec.field(default_factory=_Symbolic)


class _Audit(msgspec.Struct):
    """The used fields of a zizmor finding."""

    ident: str
    desc: str = ""
    locations: list[_Location] = []


def _program(name: str) -> str | None:
    """Find a program beside our interpreter, else on the path."""
    beside = shutil.which(name, path=str(Path(sys.executable).parent))
    return beside or shutil.which(name)


def _run(command: Sequence[str], clone: Clone) -> Ended:
    return run_program(
        command, cwd=clone.root, timeout=_SECONDS, variables=child_environment()
    )


def _compare(
    tool: str,
    clones: Clones,
    adoption: AdoptionFacts,
    read: Callable[[Ended], list[_Row]],
    options: Sequence[str],
) -> Outcome:
    """Run a linter in both clones: no finding in our files, no new one in others."""
    program = _program(tool)
    if program is None:
        return skipped(f"{tool} is not installed")
    # A file of the project may stop it, after the adoption completed that file.
    before = _rows([program, *options], clones.base, read)
    after = _rows([program, *options], clones.adopted, read)
    if isinstance(after, Ended):
        return not_run(f"{tool}: {after.describe_exit()}", after.tail().splitlines())
    unread = isinstance(before, Ended)
    found = [[] if isinstance(before, Ended) else before, after]
    known = Counter((path, _NUMBERS.sub("#", text)) for path, text in found[0])
    number = sum(known.values())
    issues: list[str] = []
    for path, text in found[1]:
        key = (path, _NUMBERS.sub("#", text))
        if path in adoption.created:
            issues.append(f"{path}: {text} (a file of the framework)")
        elif known[key] > 0:
            known[key] -= 1
        elif not unread:
            issues.append(f"{path}: {text}")
    good = f"{tool} finds nothing new"
    if number:
        noun = "finding" if number == 1 else "findings"
        good += f"; {number} {noun} in the project's own files are as before"
    if unread:
        good += "; it could not read the project's own files before"
    return judged(issues, good, f"{tool} has new findings")


def _rows(
    command: Sequence[str], clone: Clone, read: Callable[[Ended], list[_Row]]
) -> list[_Row] | Ended:
    """The findings in a clone, or the exit if its output is unusable."""
    ended = _run(command, clone)
    if any(text in ended.stderr for text in _NO_INPUT):
        return []
    try:
        rows = read(ended)
    except msgspec.DecodeError:
        return ended
    # Some messages contain the path of the clone.
    return [(p, t.replace(f"{clone.root}/", "")) for p, t in rows]


def check_actionlint(clones: Clones, adoption: AdoptionFacts) -> Outcome:
    """Check the syntax of workflows."""

    def read(ended: Ended) -> list[_Row]:
        if ended.code not in (0, 1):
            raise msgspec.DecodeError
        issues = msgspec.json.decode(ended.raw or b"[]", type=list[_Issue])
        return [
            (item.filepath.replace("\\", "/"), f"line {item.line}: {item.message}")
            for item in issues
        ]

    options = ("-no-color", "-format", "{{json .}}")
    return _compare("actionlint", clones, adoption, read, options)


def check_zizmor(clones: Clones, adoption: AdoptionFacts) -> Outcome:
    """Check the security of workflows, without a network."""

    def read(ended: Ended) -> list[_Row]:
        audits = msgspec.json.decode(ended.raw, type=list[_Audit])
        rows = [(_location(item), f"{item.ident}: {item.desc}") for item in audits]
        # The framework's own configuration turns this rule off: `./` works with
        # every runner. But a project's own configuration takes precedence.
        return [
            (path, text)
            for path, text in rows
            if not (text.startswith("self-repository:") and path in adoption.created)
        ]

    options = ("--offline", "--no-progress", "--format", "json-v1", "--no-exit-codes")
    more = ("--persona", "auditor", ".")
    return _compare("zizmor", clones, adoption, read, (*options, *more))


def _location(audit: _Audit) -> str:
    """The file of a finding, relative to the root of the repository."""
    locations = (item.symbolic.key.local for item in audit.locations)
    path = next(filter(None, (p.verbatim_path or p.given_path for p in locations)), "")
    return path.replace("\\", "/").removeprefix("./")


def check_hooks_file(clones: Clones) -> Outcome:
    """Check that pre-commit accepts its configuration, if it did before."""
    program = _program("pre-commit")
    if program is None:
        return skipped("pre-commit is not installed")
    if not (clones.adopted.root / _HOOKS).is_file():
        return skipped("the project has no pre-commit hooks")
    command = [program, "validate-config", _HOOKS]
    after = _run(command, clones.adopted)
    if after.code == 0:
        return passed("pre-commit accepts its configuration")
    if (clones.base.root / _HOOKS).is_file() and _run(command, clones.base).code != 0:
        return passed("pre-commit rejects its configuration as it did before")
    return judged(after.tail().splitlines(), "", "pre-commit rejects its configuration")


def check_settings(clones: Clones) -> Outcome:
    """Check that the engine accepts every configuration file, if it did before."""
    adopted, words = clones.adopted, ["validate", "--json"]
    checks = run_engine(adopted, adopted, words, timeout=_SECONDS).checks
    broken = [check for check in checks if check.status is Status.NOT_RUN]
    after = [f for check in checks for f in check.findings if f.severity == "error"]
    if after:
        earlier = run_engine(adopted, clones.base, words, timeout=_SECONDS).checks
        before = {_key(finding) for check in earlier for finding in check.findings}
        new = [f"{f.location} {f.message}" for f in after if _key(f) not in before]
        if new:
            return judged(new, "", "the engine rejects the configuration")
    if broken:
        reasons = [f"{check.id}: {check.reason}" for check in broken]
        return not_run("the engine could not check everything", reasons)
    noun = "error" if len(after) == 1 else "errors"
    known = f"; {len(after)} {noun} existed before" if after else ""
    return passed(f"the engine accepts the configuration{known}")


def _key(finding: Finding) -> tuple[str, str, str]:
    return finding.rule, finding.path, finding.message
