"""Run the gate like the workflow: for a monorepo once, and for each package."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from ci_engine.configuration.loading import load_configuration
from ci_engine.findings.recording import Scope
from ci_engine.monorepo.package_graph import packages_graph
from ci_engine.monorepo.sibling_packages import Siblings
from ci_engine.project.repository import read_project
from ci_engine.workflow_jobs.package_jobs import (
    checks_of_packages,
    checks_of_repository,
)
from ci_framework.validating.gate import Gated, judge_gate
from ci_framework.validating.model import Outcome, failed, not_run, passed
from ci_framework.validating.red import GateFacts


def judge_gates(facts: GateFacts, report: Callable[[str], None]) -> Gated:
    """Run each gate, record existing findings, and repeat the failed checks."""
    scopes = list(_scopes(facts))
    if not scopes:
        return judge_gate(facts)
    gates: dict[str, Gated] = {}
    last = Gated(passed(""))
    for scope in scopes:
        name = scope.package or "the repository"
        report(f"running the gate of {name} ({len(gates) + 1} of {len(scopes)})")
        last = gates[name] = judge_gate(scope, last.known)
    recorded = [gate.baseline for gate in gates.values() if gate.baseline is not None]
    red = _named({name: gate.red_today for name, gate in gates.items()})
    statuses = {
        f"{name}: {check}": status
        for name, gate in gates.items()
        for check, status in gate.statuses.items()
    }
    baseline = recorded[-1] if recorded else None
    return Gated(_conclude(gates, red), statuses, red, baseline, last.known)


def _scopes(facts: GateFacts) -> Iterator[GateFacts]:
    """The options of each gate; empty if there is one gate for everything."""
    if facts.adoption.plan.answers.get("project_type") != "monorepo":
        return
    root = facts.clones.adopted.root
    project = read_project(root)
    graph = packages_graph(project)
    settings = load_configuration(root, {}).settings
    yield replace(facts, only=tuple(checks_of_repository(settings)))
    only = tuple(checks_of_packages(settings))
    for name in graph.order:
        package = graph.by_name[name]
        inner = Siblings(project, graph, package).inner
        scope = Scope(package.prefix, tuple(package.prefix + path for path in inner))
        yield replace(facts, only=only, package=name, scope=scope)


def _conclude(gates: Mapping[str, Gated], red: list[str]) -> Outcome:
    """Combine the results into one: the worst counts."""
    for status, conclude in (("failed", failed), ("not-run", not_run)):
        bad = {n: g.outcome for n, g in gates.items() if g.outcome.status == status}
        if bad:
            reason = next(iter(bad.values())).reason
            rows = _named({name: outcome.details for name, outcome in bad.items()})
            return conclude(f"{', '.join(bad)}: {reason}", rows)
    note = f"; {len(red)} things are red today and stay red" if red else ""
    return passed(f"{len(gates)} gates: the adoption breaks nothing{note}", red)


def _named(rows: Mapping[str, Sequence[str]]) -> list[str]:
    return [f"{name}: {row}" for name, several in rows.items() for row in several]
