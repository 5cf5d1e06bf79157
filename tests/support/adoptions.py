"""Adoptions made by hand, for the tests of what validates them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ci_framework.inventory import Inventory
from ci_framework.planning.plan import Kind, Operation, Plan, Template
from ci_framework.repository import Repository, open_repository
from ci_framework.validating.clones import Clones, make_clone
from ci_framework.validating.commits import Commits
from ci_framework.validating.model import AdoptionFacts, Hashes
from tests.support.adoptable_repositories import commit, make_repository, write

Content = str | bytes
# The half of the launcher that a validation starts.
LAUNCHER = "ci-framework/bootstrap"

# An engine in one file: the lines of Python files with BAD, UNUSED or FLAKY are red in
# the gate, those with FLAW or SECRET in the scan.
_ENGINE = """
import json, sys
from pathlib import Path
import msgspec
from ci_engine.findings.baseline import judge, read_baseline
from ci_engine.findings.recording import record, write
from ci_engine.findings.results import (
    CheckResult,
    Finding,
    RunResult,
    Status,
    verdict_of,
)

repository, command, *rest = sys.argv[1:]
root = Path(repository.removeprefix("--repository="))
known = read_baseline(root)
package = rest[rest.index("--package") + 1] if "--package" in rest else ""
place = root / "libs" / package if package else root
only = rest[rest.index("--only") + 1].split(",") if "--only" in rest else []
seen = root / ".ci-framework" / "seen"
seen.mkdir(parents=True, exist_ok=True)


def search(tool, rules):
    for path in sorted(place.rglob("*.py")):
        name = path.relative_to(root).as_posix()
        if name.startswith(".ci-framework/"):
            continue
        for number, line in enumerate(path.read_text().splitlines(), 1):
            for word, rule in rules.items():
                for _ in range(line.count(word)):
                    yield Finding(
                        tool=tool, rule=rule, message=line, path=name, line=number,
                        fingerprint=line,
                    )


def lint():
    return search("ruff", {"BAD": "E501", "UNUSED": "F401"})


def tests():
    for path in sorted(place.rglob("test_*.py")):
        for line in path.read_text().splitlines():
            if "RED" in line or "ONCE" in line and not (seen / "once").exists():
                name = line.split("#")[1].split()[0]
                yield Finding(tool="pytest", rule="test-failed", message="", test=name)
    (seen / "once").touch()


def build():
    if (root / "BROKEN").exists():
        yield Finding(tool="build", rule="build", message="broken")


makers = {"lint": lint, "test": tests, "build": build}
checks = []
for name in makers:
    if command == "gate" and (not only or name in only):
        findings = list(makers[name]())
        status = Status.FAILED if findings else Status.PASSED
        check = CheckResult(id=name, status=status, findings=findings)
        judge(check, known)
        checks.append(check)
if command == "gate" and (root / "OFFLINE").exists():
    checks.append(CheckResult(id="audit", status=Status.NOT_RUN, reason="no network"))
if command == "scan":
    for name, tool, rules in (
        ("bandit", "bandit", {"FLAW": "B307"}), ("kingfisher", "kf", {"SECRET": "key"})
    ):
        findings = list(search(tool, rules))
        status = Status.FAILED if findings else Status.PASSED
        result = CheckResult(id=name, tier="high", status=status, findings=findings)
        checks.append(result)
    if (root / "UNREAD").exists():
        checks[0].status, checks[0].reason = Status.FAILED, "not everything was read"
    if (root / "OFFLINE").exists():
        checks.append(
            CheckResult(id="audit", status=Status.NOT_RUN, reason="no service")
        )
    if "write" in rest:
        new, _ = record([check for check in checks if check.id != "kingfisher"], known)
        write(root, known, new, grow="--grow" in rest)
        known = new
    judge(checks[0], known)
if command == "validate":
    checks.append(CheckResult(id="settings"))
    if (root / "MISTAKE").exists():
        text = (root / "MISTAKE").read_text()
        mistake = Finding(tool="x", rule="y", message=text, path="pyproject.toml")
        checks[0].findings.append(mistake)
        checks[0].status = Status.FAILED
result = RunResult(
    command=command, verdict=verdict_of(checks), python="3", checks=checks
)
reports = Path(rest[rest.index("--report-dir") + 1])
reports.mkdir(parents=True, exist_ok=True)
(reports / "result.json").write_bytes(msgspec.json.encode(result))
"""
ENGINE: dict[str, Content] = {LAUNCHER: _ENGINE}


@dataclass(frozen=True)
class Adopted:
    """A repository with an adoption in it.

    Attributes:
        repository: the repository.
        facts: what is known of its adoption.
    """

    repository: Repository
    facts: AdoptionFacts

    @property
    def commits(self) -> Commits:
        """Both commits."""
        return Commits(self.repository, self.facts)

    def clones(self, location: Path) -> Clones:
        """A clone of each commit."""
        facts = self.facts
        return Clones(
            make_clone(self.repository, facts.base, location / "base"),
            make_clone(self.repository, facts.adopted, location / "adopted"),
        )


def adopt(
    path: Path,
    files: Mapping[str, Content],
    changes: Mapping[str, Content | None],
    *,
    unplanned: Mapping[str, Content] | None = None,
    kinds: Mapping[str, Kind] | None = None,
    replan: Callable[[Repository], list[Operation]] | None = lambda _: [],
    inventory: Inventory | None = None,
) -> Adopted:
    """Make a repository and adopt it.

    Args:
        path: where.
        files: what the project has.
        changes: what the adoption writes, and None for what it removes.
        unplanned: what changes although nobody planned it.
        kinds: kinds of operations that are not what they seem to be.
        replan: the second plan.
        inventory: what the analysis found.
    """
    make_repository(path, files)
    repository = open_repository(path)
    base = repository.head
    changed: dict[str, Hashes] = {}
    operations: list[Operation] = []
    for name, content in changes.items():
        location = path / name
        before = location.read_bytes() if location.is_file() else b""
        hashes = Hashes(_hash(before) if name in files else "", _hash(_raw(content)))
        changed[name] = hashes
        usual: Kind = "insert-block" if name in files else "create"
        operations.append(
            Operation(
                kind=(kinds or {}).get(name, usual),
                path=name,
                reason="because",
                before=hashes.before,
                after=hashes.after,
            )
        )
        if content is None:
            location.unlink()
        else:
            write(path, {name: content})
    write(path, unplanned or {})
    adopted = commit(path, "adopt")
    plan = empty_plan(base, operations)
    facts = AdoptionFacts(
        base=base,
        adopted=adopted,
        plan=plan,
        changed=changed,
        inventory=inventory,
        replan=replan,
    )
    return Adopted(open_repository(path), facts)


def _raw(content: Content | None) -> bytes:
    if content is None:
        return b""
    return content.encode() if isinstance(content, str) else content


def _hash(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest() if raw else ""


def empty_plan(base: str, operations: list[Operation]) -> Plan:
    """A plan of nothing but operations."""
    return Plan(
        hash="0123456789abcdef",
        base=base,
        template=Template(source="here", commit="v2.0.0", version="2.0.0"),
        answers_file=".copier-answers.yml",
        answers={},
        reasons={},
        operations=operations,
        capabilities=[],
    )


def empty_inventory() -> Inventory:
    """An inventory of a repository with nothing in it."""
    return Inventory(
        commit="",
        files=0,
        facts=[],
        tools=[],
        tasks=[],
        workflows=[],
        hooks=[],
        unreadable=[],
    )
