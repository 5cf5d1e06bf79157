"""Answer the questions of the template from the analysis."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ci_framework.answers.names import (
    TYPE_CHECKERS,
    is_branch,
    package_name,
    project_name,
    sentence,
)
from ci_framework.answers.path_choice import (
    accepted_paths,
    choose_source_paths,
    choose_test_paths,
)
from ci_framework.answers.python_choice import python_versions
from ci_framework.answers.tiers import pixi_tiers
from ci_framework.inventory import Inventory, steps_of

# The maximum number of packages that a reason names.
_SHOWN = 3
_LICENSES = ("MIT", "Apache-2.0", "BSD-3-Clause")
_EMAIL = re.compile(
    r"[A-Za-z0-9_%+-]+(\.[A-Za-z0-9_%+-]+)*@([A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?\.)+"
    r"[A-Za-z]{2,}"
)
_ADDRESS = re.compile(
    r"https://[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:[0-9]{1,5})?"
    r"(/[A-Za-z0-9._~+-]+)+/?"
)


@dataclass(frozen=True)
class Answer:
    """The answer to one question."""

    value: object
    because: str


def derive_answers(inventory: Inventory) -> dict[str, Answer]:
    """Answer every question that the analysis decides, in the template's order."""
    tiers = pixi_tiers(inventory)
    sources, because = choose_source_paths(inventory)
    service = _services(inventory)
    return {
        "setup": Answer("customise", "the default: every answer is recorded"),
        "project_name": _project_name(inventory),
        "project_type": _project_type(inventory),
        "package_manager": _manager(inventory),
        "repository": _repository(inventory),
        "project_state": Answer("existing", "the default: there is code already"),
        "package_name": _package_name(inventory),
        **_metadata(inventory),
        "packages": Answer([], "the default: packages are found, not rendered"),
        "source_paths": Answer(sources, because),
        "test_paths": Answer(*choose_test_paths(inventory, sources)),
        "ci_mode": _ci_mode(inventory),
        "pixi_tiers": Answer(tiers.owner, tiers.because),
        "pixi_prefix": Answer(tiers.prefix, tiers.because_prefix),
        "build_backend": _backend(inventory),
        "exclude_newer": Answer("", "the default: only a new project gets it"),
        "config_profile": Answer("tiered", "the default; it names no environment here"),
        "python_versions": Answer(*python_versions(inventory, tiers)),
        "platforms": Answer(
            inventory.items("platforms"), inventory.reason("platforms")
        ),
        "type_checker": _type_checker(inventory),
        "quality_tier": Answer(
            "extended", "the default: existing findings are in the baseline"
        ),
        "coverage_threshold": _threshold(inventory),
        **_benchmarks(inventory),
        **_docs(inventory),
        "services": Answer([], service),
        "service_image": Answer("", service),
        "service_port": Answer(8080, "the default"),
        "cleanup": Answer("none", "the default: the project does not use it"),
        "releases": Answer("none", _releases(inventory)),
        "framework_updates": Answer("none", "the default: the project does not use it"),
        "codeql": _codeql(inventory),
        "containers": Answer("no", "the default: the project does not use it"),
        "sbom": Answer("yes", "the default"),
        "security_level": Answer("high", "the default"),
        **_branches(inventory),
        "unmanaged": Answer([], "the default: its updates replace every file"),
    }


def _project_name(inventory: Inventory) -> Answer:
    found = inventory.text("project-name")
    return _named(found, project_name(found), inventory.reason("project-name"))


def _named(found: str, name: str, because: str) -> Answer:
    if name != found:
        because += f"; the template does not accept {found!r} as it is"
    return Answer(name, because)


def _project_type(inventory: Inventory) -> Answer:
    several = inventory.items("distributions")
    if len(several) > 1:
        because = f"{len(several)} of its directories are packages of their own"
        shown = ", ".join(several[:_SHOWN]) + (", ..." if several[_SHOWN:] else "")
        return Answer("monorepo", f"{because}: {shown}")
    if inventory.below:
        return Answer("monorepo", f"its only package is in {inventory.below}")
    if inventory.text("mcp-server"):
        return Answer("mcp-server", inventory.reason("mcp-server"))
    if inventory.text("build-backend"):
        return Answer("library", "it builds distributions that others can install")
    return Answer("application", "it builds no distributions")


def _manager(inventory: Inventory) -> Answer:
    manager = inventory.text("manager")
    fact = inventory.fact("manager")
    because = inventory.reason("manager")
    supported = manager in ("pixi", "uv", "poetry")
    sure = fact is not None and fact.confidence == "certain"
    if manager == "pip" or (supported and sure):
        return Answer(manager, because)
    why = (
        f"that alone does not make {manager} the manager of the environments"
        if supported
        else f"the framework has no environments of {manager}"
    )
    installs = "pip installs what the project and its groups require"
    return Answer("pip", f"{because}; {why}: {installs}")


def _repository(inventory: Inventory) -> Answer:
    address = inventory.text("repository-url")
    fits = _ADDRESS.fullmatch(address)
    return Answer(address if fits else "", inventory.reason("repository-url"))


def _package_name(inventory: Inventory) -> Answer:
    names = list(inventory.mapping("packages"))
    wanted = re.sub(r"[^a-z0-9]+", "_", inventory.text("project-name").lower())
    same = [name for name in names if name.lower() == wanted]
    # `django-taggit` contains taggit, whatever else is packaged with it.
    part = [n for n in names if f"_{n.lower()}_" in f"_{wanted}_"]
    found = next(iter([*same, *part, *names]), "")
    if not found:
        name = package_name(wanted)
        return Answer(name, "there is no package: derived from the project's name")
    return _named(found, package_name(found), inventory.reason("packages"))


def _metadata(inventory: Inventory) -> dict[str, Answer]:
    """Answers that only affect the files of a new project."""
    description = sentence(inventory.text("description"), 512)
    author = sentence(inventory.text("author").replace(",", " "), 128)
    email, license_ = inventory.text("author-email"), inventory.text("license")
    known = license_ in _LICENSES
    kept = "the project keeps its own metadata"
    return {
        "description": Answer(description, inventory.reason("description")),
        "author_name": Answer(author, inventory.reason("author")),
        "author_email": Answer(
            email if _EMAIL.fullmatch(email) else "",
            inventory.reason("author-email"),
        ),
        "license": Answer(
            license_ if known else "none",
            inventory.reason("license")
            if known
            else f"{license_ or 'no license'} is none of the template's; {kept}",
        ),
    }


def _ci_mode(inventory: Inventory) -> Answer:
    framework = inventory.text("framework")
    twice = "two pipelines would do everything twice"
    if "calls " in framework:
        return Answer("local", f"its CI {framework}: {twice}")
    found = inventory.items("other-ci")
    reusable = [name for name in found if name.startswith("reusable workflow")]
    if reusable and not _tests_beside(inventory):
        return Answer("local", f"its tests run in the {reusable[0]}: {twice}")
    host = inventory.text("repository-url")
    others = [name for name in found if name not in reusable]
    if others and not inventory.workflows and "github" not in host:
        return Answer("local", f"its CI is {others[0]}, not GitHub")
    return Answer("remote", "no other pipeline of this kind was found on GitHub")


def _tests_beside(inventory: Inventory) -> bool:
    """Whether a workflow that calls another CI also runs tests in its own job."""
    fact = inventory.fact("other-ci")
    paths = {location.path for location in fact.evidence} if fact else set[str]()
    beside = [workflow for workflow in inventory.workflows if workflow.path in paths]
    return any("test" in step.does for _, _, step in steps_of(beside))


def _backend(inventory: Inventory) -> Answer:
    backend = inventory.text("build-backend")
    because = inventory.reason("build-backend")
    for known in ("setuptools", "hatchling", "uv_build"):
        if known in backend:
            return Answer(known, because)
    note = f"{because}: {backend}, which stays" if backend else because
    return Answer("hatchling", f"{note}; only a new project would be made with this")


def _codeql(inventory: Inventory) -> Answer:
    if any("codeql" in step.text for _, _, step in steps_of(inventory.workflows)):
        return Answer("no", "a workflow of its own runs CodeQL, and stays")
    return Answer("no", "the default: the project does not use it")


def _type_checker(inventory: Inventory) -> Answer:
    checker = inventory.text("type-checker")
    because = inventory.reason("type-checker")
    if checker in TYPE_CHECKERS:
        return Answer(checker, because)
    if checker != "none":
        because = f"{because.replace('it is', f'{checker} is', 1)}: no answer names it"
    return Answer("pyright", f"{because}; the check stays off until it is wanted")


def _threshold(inventory: Inventory) -> Answer:
    fact = inventory.fact("coverage-threshold")
    because = inventory.reason("coverage-threshold")
    value = fact.value if fact else None
    plugin = inventory.fact("coverage-plugin")
    if value and _project_type(inventory).value == "monorepo":
        note = f"{because}, of all packages together; each is measured by itself"
        return Answer(0, f"{note}: the check starts with thresholds of theirs")
    if value and plugin is not None and not plugin.value:
        note = f"{plugin.because}, so that its own CI still measures coverage"
        return Answer(0, note)
    if isinstance(value, int):
        return Answer(max(0, min(100, value)), because)
    return Answer(0, f"{because}: the check starts with a threshold of yours")


def _benchmarks(inventory: Inventory) -> dict[str, Answer]:
    """The project's benchmarks are compared; without any, nothing is added."""
    suites = accepted_paths(inventory.items("benchmark-suite"))
    needs = inventory.items("benchmark-requirements")
    because = inventory.reason("benchmark-suite" if needs else "benchmark-requirements")
    there = bool(suites and needs)
    return {
        "benchmarks": Answer("yes" if there else "no", because),
        "benchmark_suite": Answer(suites if there else ["tests/benchmarks"], because),
        "regression_threshold": Answer("10%", "the default"),
        "load_testing": Answer("no", "it runs once the server has a command"),
    }


def _docs(inventory: Inventory) -> dict[str, Answer]:
    """The project's own documentation jobs stay: `ci docs` needs no answer."""
    found = inventory.text("docs-tool")
    because = published = inventory.reason("docs-tool")
    if found not in ("", "none"):
        because = f"{found} stays unchanged; a strict build may report old problems"
        published = "it is published as before"
    return {
        "docs": Answer("none", because),
        "docs_deploy": Answer("none", published),
        "docs_versions": Answer("no", published),
    }


def _services(inventory: Inventory) -> str:
    """Why no answer starts a service."""
    if any(job.services for flow in inventory.workflows for job in flow.jobs):
        return "its own workflows start what its tests need"
    return "no job of its workflows has a service container"


def _releases(inventory: Inventory) -> str:
    """Why releases stay as they are."""
    none = inventory.text("release-tool") in ("", "none")
    reason = inventory.reason("release-tool")
    return reason if none else "it keeps its own release process"


def _branches(inventory: Inventory) -> dict[str, Answer]:
    main = inventory.text("main-branch")
    second = inventory.text("integration-branch")
    because = inventory.reason("main-branch")
    if not is_branch(main):
        note = f"{main!r} is not a name that the template accepts" if main else because
        main, because = "main", f"{note}; main is the usual one"
    if second == main or not is_branch(second):
        second = ""
    return {
        "main_branch": Answer(main, because),
        "integration_branch": Answer(second, inventory.reason("integration-branch")),
    }
