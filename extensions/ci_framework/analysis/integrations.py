"""Find other CI systems, templates, docs and release tools, bots and branch rules."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ci_engine.configuration.tables import items, table
from ci_framework.analysis.facts import Findings
from ci_framework.analysis.matrices import is_whole_ci
from ci_framework.analysis.purposes.vocabulary import DOCUMENTATION, PIPELINES, RELEASES
from ci_framework.analysis.readers.documents import strict_toml_problem, strings, text
from ci_framework.analysis.requirements import Requirement
from ci_framework.analysis.survey import PYPROJECT, Survey
from ci_framework.inventory import Evidence

_FRAMEWORK = re.compile(r"(^|/)ci-framework(\.git)?(/|@|$)", re.IGNORECASE)
# The format of what the framework appends; no project uses these names.
_PIXI_BLOCK = "".join(
    f"[tool.pixi.{table}]\n"
    for table in (
        "feature.ci-framework-probe.pypi-dependencies",
        "environments.ci-framework-probe",
        "tasks.ci-framework-probe",
    )
)


def state_surroundings(
    survey: Survey, requirements: list[Requirement], findings: Findings
) -> None:
    """State everything else that affects the repository."""
    _state_framework(survey, findings)
    _state_other_ci(survey, findings)
    _state_template(survey, findings)
    _state_docs(survey, requirements, findings)
    _state_release(survey, findings)
    _state_updates(survey, findings)
    _state_checks(survey, findings)
    _state_settings_file(survey, findings)


def _state_framework(survey: Survey, findings: Findings) -> None:
    found = list(_framework(survey))
    if found:
        value = ", ".join(dict.fromkeys(name for name, _ in found))
        locations = [location for _, location in found]
        because = "the repository uses this framework already"
        findings.add("framework", value, because, locations)
    else:
        findings.add("framework", None, "no version of this framework is used")


def _framework(survey: Survey) -> Iterator[tuple[str, Evidence]]:
    for source, location in _answers_files(survey):
        if _FRAMEWORK.search(source):
            commit = text(survey.documents.yaml(location.path), "_commit")
            yield f"adopted at {commit or 'unknown version'}", location
    if version := text(survey.tool("ci-framework"), "version"):
        yield f"settings of version {version}", survey.location("tool", "ci-framework")
    elif survey.tool("ci-framework"):
        yield "settings", survey.location("tool", "ci-framework")
    for workflow in survey.workflows:
        for call in workflow.calls:
            if not call.startswith("./") and _FRAMEWORK.search(call.split("@")[0]):
                line = survey.documents.line_of(workflow.path, call)
                yield f"calls {call}", workflow.at(line)


def _answers_files(survey: Survey) -> Iterator[tuple[str, Evidence]]:
    """The templates that Copier rendered here, with their answers files."""
    for path in survey.files:
        if "/" not in path and re.match(r"\.copier-answers.*\.ya?ml$", path):
            source = text(survey.documents.yaml(path), "_src_path")
            line = survey.documents.line_of(path, "_src_path")
            yield source, Evidence(path=path, line=line)


def _state_other_ci(survey: Survey, findings: Findings) -> None:
    found = [
        (name, survey.file(path))
        for path, name in PIPELINES.items()
        if survey.has(path) and name != "Read the Docs"
    ]
    found += [
        (f"reusable workflow {job.uses}", workflow.at(job.line))
        for workflow in survey.workflows
        for job in workflow.jobs
        if is_whole_ci(job.uses)
    ]
    because = "its CI runs elsewhere as well" if found else "no other CI was found"
    values = list(dict.fromkeys(name for name, _ in found))
    findings.add("other-ci", values, because, [location for _, location in found])


def _state_template(survey: Survey, findings: Findings) -> None:
    for source, location in _answers_files(survey):
        if source and not _FRAMEWORK.search(source):
            because = "Copier rendered it from another template"
            findings.add("other-template", source, because, [location])
            return
    for path in (".cruft.json", ".cookiecutter.json"):
        if survey.has(path):
            source = text(survey.documents.json(path), "template") or "unknown"
            because = "cruft rendered it from another template"
            findings.add("other-template", source, because, [survey.file(path)])
            return
    findings.add("other-template", None, "no answers of another template")


def _state_docs(
    survey: Survey, requirements: list[Requirement], findings: Findings
) -> None:
    required = {requirement.name: requirement for requirement in requirements}
    if "zensical" in required and survey.first(*DOCUMENTATION["mkdocs"]):
        # It also reads the configuration of mkdocs.
        location = required["zensical"].evidence
        findings.add("docs-tool", "zensical", "it is required", [location])
        return
    for tool, paths in DOCUMENTATION.items():
        if path := survey.first(*paths):
            because = f"{path} configures it"
            findings.add("docs-tool", tool, because, [survey.file(path)])
            return
    for requirement in requirements:
        if requirement.name in ("mkdocs", "sphinx", "pdoc", "zensical", "jupyter-book"):
            because = "it is required"
            locations = [requirement.evidence]
            findings.add("docs-tool", requirement.name, because, locations, "likely")
            return
    findings.add("docs-tool", "none", "nothing configures or requires one")


def _state_release(survey: Survey, findings: Findings) -> None:
    if table(survey.pyproject, "tool", "semantic_release"):
        location = survey.location("tool", "semantic_release")
        because = "pyproject.toml configures it"
        findings.add("release-tool", "python-semantic-release", because, [location])
        return
    for workflow, _, step in survey.steps():
        for sign, name in RELEASES.items():
            if sign in step.text:
                because, location = "a workflow runs it", workflow.at(step.line)
                findings.add("release-tool", name, because, [location])
                return
    findings.add("release-tool", "none", "no workflow publishes releases")


def _state_updates(survey: Survey, findings: Findings) -> None:
    dependabot = survey.first(".github/dependabot.yml", ".github/dependabot.yaml")
    renovate = survey.first(
        "renovate.json",
        "renovate.json5",
        ".github/renovate.json",
        ".github/renovate.json5",
        ".renovaterc",
        ".renovaterc.json",
    )
    names = [n for n, p in (("dependabot", dependabot), ("renovate", renovate)) if p]
    locations = [survey.file(path) for path in (dependabot, renovate) if path]
    because = "it is configured" if names else "neither Dependabot nor Renovate"
    findings.add("update-bot", ", ".join(names) or "none", because, locations)
    ecosystems: list[str] = []
    if dependabot:
        for item in items(survey.documents.yaml(dependabot), "updates"):
            name = text(item, "package-ecosystem")
            where = strings(item, "directories") or strings(item, "directory")
            ecosystems += [f"{name} {directory}" for directory in where or ["/"]]
    because = f"{dependabot} lists them" if dependabot else "Dependabot is not used"
    findings.add("dependabot-ecosystems", ecosystems, because, locations[:1])


def _state_checks(survey: Survey, findings: Findings) -> None:
    path = survey.first(".github/settings.yml", ".github/settings.yaml")
    found: list[str] = []
    locations: list[Evidence] = []
    if path:
        for branch in items(survey.documents.yaml(path), "branches"):
            checks = table(branch, "protection", "required_status_checks")
            found += strings(checks, "contexts")
        locations.append(survey.file(path))
    for name in survey.files:
        if name.startswith(".github/rulesets/") and name.endswith(".json"):
            found += _ruleset(survey.documents.json(name))
            locations.append(survey.file(name))
    for name in (".mergify.yml", ".github/mergify.yml", "bors.toml", ".kodiak.toml"):
        if survey.has(name):
            rules = re.findall(
                r"check-success\s*=\s*([^\n]+)", survey.documents.text(name)
            )
            found += [rule.strip(" \"'") for rule in rules]
            locations.append(survey.file(name))
    unique = list(dict.fromkeys(found))
    because = "files in the repository have it"
    if not unique:
        because = "no file has any; GitHub may still require checks"
    findings.add(
        "required-checks", unique or None, because, locations if unique else []
    )


def _ruleset(document: object) -> list[str]:
    return [
        name
        for rule in items(document, "rules")
        for check in items(rule, "parameters", "required_status_checks")
        if (name := text(check, "context"))
    ]


def _state_settings_file(survey: Survey, findings: Findings) -> None:
    name = "settings-file-blocked"
    if not survey.has(PYPROJECT):
        findings.add(name, "there is none", "there is no pyproject.toml at the top")
        return
    content = survey.documents.text(PYPROJECT)
    refused = survey.documents.unreadable.get(PYPROJECT)
    problem = refused.reason if refused else strict_toml_problem(content)
    location = survey.location("tool")
    if not problem and "ci-framework" not in survey.tool():
        problem = strict_toml_problem(
            f'{content}\n[tool.ci-framework]\nversion = "0"\n'
        )
        if problem:
            problem = f"no further table of [tool] may follow: {problem}"
    because = problem or "a table can be appended, and the file stays valid"
    findings.add(name, problem or None, because, [location] if problem else [])
    if not problem and survey.tool("pixi"):
        problem = strict_toml_problem(f"{content}\n{_PIXI_BLOCK}")
        location = survey.location("tool", "pixi")
        because = problem or "tables of pixi can be appended"
        locations = [location] if problem else []
        findings.add("pixi-block-blocked", problem or None, because, locations)
