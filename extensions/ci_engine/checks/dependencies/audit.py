"""Look for known vulnerabilities in the project's dependencies.

The engine queries the OSV service for the dependencies in all dependency files, and
for those in the prepared environment if no lock covers the requirements.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from ci_engine.checks.context import Context
from ci_engine.checks.dependencies.dependency_files import read_lock
from ci_engine.checks.dependencies.dependency_lines import locations_of
from ci_engine.checks.dependencies.installed_packages import read_environment
from ci_engine.checks.dependencies.inventory import Dependencies, Dependency
from ci_engine.checks.dependencies.osv_service import Record, open_service
from ci_engine.checks.outcomes import from_findings, not_run, skipped
from ci_engine.checks.workspace import Workspace
from ci_engine.environments.environment import Environment
from ci_engine.errors import ToolError
from ci_engine.findings.malware import MALWARE, is_malware
from ci_engine.findings.results import CheckResult, Finding, Status, name_some
from ci_engine.findings.severity import SCORES

_TOOL = "osv"
# A vulnerability without a rating is not harmless; malware is the most severe.
_UNRATED = 7.0
_WORST = 10.0
_MOST_NAMED = 20
# The preferred prefix of an issue's name: the first of these that it has.
_DATABASES = (MALWARE, "GHSA-", "PYSEC-", "CVE-")
_PIXI_NOTE = (
    "no advisory database of Python covers conda packages: only the Python "
    "distributions of the environment were checked"
)


@dataclass(frozen=True)
class _Advisory:
    """One known vulnerability of one dependency, with all of its names."""

    dependency: Dependency
    names: tuple[str, ...]
    fixed: tuple[str, ...] = ()
    summary: str = ""
    severities: tuple[str, ...] = ()

    @property
    def score(self) -> float:
        """The severity as a number."""
        if is_malware(self.names):
            return _WORST
        return max((SCORES.get(s, _UNRATED) for s in self.severities), default=_UNRATED)

    def joined(self, other: _Advisory) -> _Advisory:
        """Merge two advisories into one."""
        return replace(
            self,
            names=(*self.names, *other.names),
            fixed=tuple(dict.fromkeys((*self.fixed, *other.fixed))),
            summary=self.summary or other.summary,
            severities=(*self.severities, *other.severities),
        )


@dataclass
class _Advisories:
    """All advisories; two names of one issue are merged into one advisory."""

    found: list[_Advisory] = field(default_factory=list[_Advisory])

    def add(self, advisory: _Advisory) -> None:
        for other in [*self.found]:
            same = other.dependency == advisory.dependency
            if same and set(other.names) & set(advisory.names):
                self.found.remove(other)
                advisory = other.joined(advisory)
        self.found.append(advisory)


def check(context: Context) -> CheckResult:
    """Audit all dependency files and, without a lock file, the environment."""
    excluded = context.settings.scan.exclude_patterns
    found = read_lock(context.project, excluded, context.settings.test_paths)
    if found.open or _is_opaque(context, found):
        try:
            found = found.and_what_is_installed(read_environment(context))
        except ToolError as error:
            found = replace(found, problems=(*found.problems, str(error)))
    return run_audit(context, found, context.timeout)


def _is_opaque(context: Context, found: Dependencies) -> bool:
    """Whether the files show no dependencies of a project that has an environment."""
    nothing = not found.audited and not found.problems and not found.others
    return nothing and isinstance(context.environment, Environment)


def run_audit(
    workspace: Workspace, dependencies: Dependencies, timeout: float
) -> CheckResult:
    """Audit the dependencies of a project."""
    if not dependencies.audited:
        return _nothing_to_audit(dependencies)
    service = open_service(timeout, workspace.cancel)
    answers = service.look_up(dependencies.audited)
    advisories = _Advisories()
    withdrawn: list[str] = []
    for dependency, names in answers.advisories.items():
        for name in dict.fromkeys(names):
            record = answers.records.get(name)
            if record is not None and record.withdrawn:
                withdrawn.append(f"{name} ({dependency.name})")
            else:
                advisories.add(_advisory(dependency, name, record))
    findings = [
        finding
        for advisory in advisories.found
        for finding in _describe(workspace, dependencies, advisory)
    ]
    findings.sort(key=lambda finding: (finding.path, finding.line, finding.rule))
    result = from_findings(findings, _TOOL, service.url)
    result.notes += _notes(workspace, dependencies, withdrawn)
    return _incomplete(result, dependencies, answers.missing)


def _notes(
    workspace: Workspace, dependencies: Dependencies, withdrawn: Sequence[str]
) -> Iterator[str]:
    yield dependencies.coverage()
    if dependencies.unread:
        yield f"not read: {name_some(dependencies.unread, _MOST_NAMED)}"
    if withdrawn:
        yield f"withdrawn advisories: {', '.join(withdrawn)}"
    if workspace.project.manager == "pixi" and "pixi.lock" not in dependencies.source:
        yield _PIXI_NOTE


def _incomplete(
    result: CheckResult, dependencies: Dependencies, missing: Mapping[str, str]
) -> CheckResult:
    """Fail if something could not be looked up; report what was found anyway."""
    problems = [*dependencies.problems]
    if missing:
        name, reason = next(iter(missing.items()))
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        problems.append(f"{name}{more} could not be described: {reason}")
    if problems:
        result.reason = problems[0].partition("\n")[0]
        result.output = "\n".join(problems)
        # Findings are reported even if something else could not be read.
        if result.status is Status.PASSED:
            result.status = Status.NOT_RUN
    return result


def _nothing_to_audit(dependencies: Dependencies) -> CheckResult:
    if dependencies.problems:
        return _incomplete(CheckResult(), dependencies, {})
    if dependencies.unknown:
        names = ", ".join(dependencies.unknown)
        return not_run(f"no advisory database knows these: {names}")
    unread = name_some(dependencies.unread, _MOST_NAMED)
    also = f"; not read: {unread}" if unread else ""
    return skipped(f"{dependencies.source}: there are no dependencies{also}")


def _advisory(dependency: Dependency, name: str, record: Record | None) -> _Advisory:
    if record is None:
        return _Advisory(dependency, (name,))
    return _Advisory(
        dependency,
        tuple(dict.fromkeys((name, record.id, *record.aliases))),
        record.fixed_in(dependency.name),
        (record.summary or "").strip().partition("\n")[0],
        (record.severity,) if record.severity else (),
    )


def _rank(name: str) -> tuple[int, str]:
    starts = [name.startswith(database) for database in _DATABASES]
    return (starts.index(True) if True in starts else len(starts), name)


def _describe(
    workspace: Workspace, dependencies: Dependencies, advisory: _Advisory
) -> Iterator[Finding]:
    """One finding for each file that has the dependency."""
    dependency = advisory.dependency
    rule, *others = sorted(set(advisory.names), key=_rank)
    malware = is_malware(advisory.names)
    if malware:
        fix = "malware: remove it, and treat everything that it could read as leaked"
    elif advisory.fixed:
        fix = f"fixed in {', '.join(advisory.fixed)}"
    else:
        fix = "no fixed version is known"
    about = f": {advisory.summary}" if advisory.summary else ""
    also = f" ({', '.join(others)})" if others else ""
    fixed = " or ".join(advisory.fixed[:3])
    for path, line in locations_of(workspace.project, dependencies, dependency):
        yield Finding(
            tool=_TOOL,
            rule=rule,
            message=f"{dependency.name} {dependency.version}, {fix}{about}{also}",
            path=path,
            line=line,
            score=advisory.score,
            confidence="high" if malware else "",
            help_url=f"https://osv.dev/vulnerability/{rule}",
            fix=f"{dependency.name} {fixed}" if fixed else "",
            also=tuple(others),
        )
