"""Find the branches, and their roles in workflows."""

from __future__ import annotations

from ci_framework.analysis.facts import Findings
from ci_framework.analysis.survey import Survey
from ci_framework.inventory import Evidence

_MAIN = ("main", "master", "trunk")
_INTEGRATION = (
    "development",
    "develop",
    "dev",
    "devel",
    "integration",
    "staging",
    "next",
)
_PATTERN = frozenset("*?[]!+{}$")


def state_branches(survey: Survey, findings: Findings) -> None:
    """State the branches and the roles of two of them."""
    default, branches = _branches(survey)
    triggers = _triggers(survey)
    shown = default or survey.repository.branch
    findings.add(
        "default-branch",
        shown or None,
        "the remote lists it first"
        if default
        else "no remote names one: it is checked out here",
        (),
        "certain" if default else "guess",
    )
    findings.add("branches", branches, "branches here and on the remote")
    missing = [name for name in triggers if branches and name not in branches]
    findings.add(
        "missing-branches",
        missing,
        "workflows wait for branches that do not exist"
        if missing
        else "every branch that workflows name exists",
        [triggers[name] for name in missing],
    )
    main, integration = _roles(shown, branches, triggers)
    reason = "the default branch"
    if main != shown:
        reason = f"the default branch {shown} is where work is collected"
    locations = [triggers[main]] if main in triggers else []
    findings.add("main-branch", main or None, reason, locations, "likely")
    locations = [triggers[integration]] if integration in triggers else []
    findings.add(
        "integration-branch",
        integration or None,
        "a second branch that workflows or the remote single out"
        if integration
        else "no second branch is singled out",
        locations,
        "likely",
    )


def _branches(survey: Survey) -> tuple[str, list[str]]:
    """The default branch, empty if unknown, and all names, including the remote's."""
    repository = survey.repository
    printed = repository.try_git(
        "for-each-ref", "--format=%(refname)%00%(symref)", "refs/heads", "refs/remotes"
    )
    default, names = "", list[str]()
    for row in printed.stdout.decode("utf-8", "replace").splitlines():
        name, _, target = row.partition("\0")
        if name.startswith("refs/heads/"):
            names.append(name.removeprefix("refs/heads/"))
            continue
        remote, _, branch = name.removeprefix("refs/remotes/").partition("/")
        if branch == "HEAD":
            if remote == "origin" or not default:
                default = target.removeprefix(f"refs/remotes/{remote}/")
        elif branch:
            names.append(branch)
    return default, sorted(set(names))


def _triggers(survey: Survey) -> dict[str, Evidence]:
    """Branches that workflows name, without patterns."""
    found: dict[str, Evidence] = {}
    for workflow in survey.workflows:
        for branch in workflow.branches:
            if branch and not set(branch) & _PATTERN:
                found.setdefault(branch, Evidence(path=workflow.path))
    return found


def _roles(
    default: str, branches: list[str], triggers: dict[str, Evidence]
) -> tuple[str, str]:
    """The main branch and the integration branch, each empty if there is none."""
    mains = [name for name in _MAIN if name in branches and name != default]
    if default in _INTEGRATION and mains:
        return mains[0], default
    for name in _INTEGRATION:
        if name != default and name in branches and name in triggers:
            return default, name
    return default, ""
