"""Find problems of a project and its clone, each with a hint that fixes it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial

import msgspec

from ci_engine import __version__
from ci_engine.checks.dependencies.dependency_files import read_lock
from ci_engine.checks.hooks.git_hooks import hooks_elsewhere, missing_git_hooks
from ci_engine.checks.lint.conflict_markers import find_conflicts
from ci_engine.configuration.loading import load_configuration
from ci_engine.configuration.reading import as_table, read_yaml
from ci_engine.configuration.renamed_settings import describe_deprecation, former_names
from ci_engine.configuration.settings import BUILT_IN_CHECKS, Settings
from ci_engine.configuration.surroundings import Surroundings
from ci_engine.configuration.tables import text
from ci_engine.environments.services import services_not_ready
from ci_engine.errors import CommandError
from ci_engine.findings.results import Finding
from ci_engine.findings.tracked_output import find_tracked_output
from ci_engine.project.engine_lock import read_engine_lock
from ci_engine.project.repository import Project, read_project
from ci_engine.validation.framework_files import check_framework_files, restore
from ci_engine.validation.marked_blocks import (
    check_answers,
    check_blocks,
)
from ci_engine.validation.pinned_commit import (
    check_pinned_commit,
    rendered_version,
)
from ci_engine.validation.settings_check import check_settings, check_shadowed_settings

# Commands that succeed regardless of the code.
_NO_CHECK = re.compile(r"(true|:|exit 0|echo\b.*)")
_TAG = re.compile(r"v\d+\.\d+\.\d+")
_VALIDATE = "run `ci-framework/ci validate` for all of them"


class Problem(msgspec.Struct, frozen=True):
    """One thing that is wrong.

    Attributes:
        about: git, configuration, drift, hooks, lock, settings, services or versions.
        message: the problem.
        hint: how to fix it.
        broken: whether it prevents commands from working; otherwise it is a note.
    """

    about: str
    message: str
    hint: str
    broken: bool = True


def find_problems(surroundings: Surroundings, *, online: bool) -> list[Problem]:
    """Look for problems; whatever cannot be inspected is a problem itself."""
    try:
        project = read_project(surroundings.repository)
    except (CommandError, OSError, ValueError) as error:
        return [_unreadable("configuration", error)]
    parts: dict[str, Callable[[], Iterable[Problem]]] = {
        "git": lambda: _git(project),
        "configuration": lambda: _of_findings("configuration", _configuration(project)),
        "drift": lambda: _of_findings("drift", _drift(project, online=online)),
        "settings": lambda: _weakened(project, surroundings.variables),
        "hooks": lambda: _hooks(project),
        "lock": lambda: _locks(project),
        "services": lambda: _services(project, surroundings.variables),
        "versions": lambda: _versions(project, online=online),
    }
    found: list[Problem] = []
    for about, look in parts.items():
        try:
            found += look()
        except (CommandError, OSError, ValueError, msgspec.ValidationError) as error:
            found.append(_unreadable(about, error))
    # Several parts report files that cannot be read; show each once.
    return list({problem.message: problem for problem in reversed(found)}.values())[
        ::-1
    ]


def _unreadable(about: str, error: Exception) -> Problem:
    message, _, _ = str(error).partition("\n")
    hint = error.hint if isinstance(error, CommandError) else ""
    return Problem(about, message or type(error).__name__, hint or _VALIDATE)


def _of_findings(about: str, findings: Iterable[Finding]) -> Iterator[Problem]:
    for finding in findings:
        message, _, rest = finding.message.partition("\n")
        place = f"{finding.path}:{finding.line}" if finding.line else finding.path
        hint = rest.removeprefix("hint: ").strip() or _VALIDATE
        shown = f"{place}: {message}" if place else message
        yield Problem(about, shown, hint, finding.severity == "error")


def _git(project: Project) -> Iterator[Problem]:
    """What is wrong with the clone, or left of an update that is not finished."""
    note = partial(Problem, "git", broken=False)
    if project.git is None:
        message = "the project is in no repository of git: no change is known here"
        yield note(message, "run `git init`, and commit")
        return
    if project.git.is_shallow():
        message = "the clone is shallow: the base of a change can be unknown"
        yield note(message, "run `git fetch --unshallow`")
    found, _ = find_conflicts(project)
    hint = "edit the file, and `git add` it; or undo the merge or the update"
    for finding in found:
        place = f"{finding.path}:{finding.line}"
        yield Problem("git", f"{place}: {finding.message}", hint)


def _configuration(project: Project) -> Iterator[Finding]:
    for check in (check_settings, check_shadowed_settings):
        yield from check(project)


def _drift(project: Project, *, online: bool) -> Iterator[Finding]:
    """Framework files that were edited, and tool output that git tracks."""
    yield from check_framework_files(project, fetch=online)
    for check in (check_blocks, check_answers, check_pinned_commit):
        yield from check(project)
    yield from find_tracked_output(project)


def _weakened(project: Project, variables: Mapping[str, str]) -> Iterator[Problem]:
    """Settings that make a gate pass more often than it should."""
    configuration = load_configuration(project.root, variables)
    settings, usual = configuration.settings, configuration.tiers.defaults.checks
    note = partial(Problem, "settings", broken=False)
    for reason in settings.missing_checks(settings.quality.tier, usual).values():
        yield note(f"{reason}: the check does not run", "remove it to run the check")
    for name in BUILT_IN_CHECKS:
        if usual[name].blocking and not settings.checks[name].blocking:
            key = f"tool.ci-framework.checks.{name}.blocking"
            yield note(f"{key} is false: it never fails a run", "remove the setting")
        command = _command(settings, name)
        if command and _NO_CHECK.fullmatch(command):
            message = f"the command of {name} is `{command}`: it checks nothing"
            yield note(message, f"remove it from tool.ci-framework.commands.{name}")
    if settings.quality.coverage_threshold == 0:
        key = "tool.ci-framework.quality.coverage-threshold"
        message = f"{key} is 0: coverage is not checked"
        yield note(message, "set the answer coverage_threshold")
    for name in former_names(settings):
        message = f"tool.ci-framework.{describe_deprecation(name)}"
        yield note(message, "rename the setting")


def _command(settings: Settings, name: str) -> str:
    own = settings.command_of(name)
    return (own if isinstance(own, str) else " ".join(own)).strip()


def _hooks(project: Project) -> Iterator[Problem]:
    elsewhere = hooks_elsewhere(project)
    missing = [] if elsewhere else missing_git_hooks(project)
    if missing:
        message = f"git hooks are not installed in this clone: {', '.join(missing)}"
        yield Problem("hooks", message, "run `ci-framework/ci setup`", broken=False)


def _locks(project: Project) -> Iterator[Problem]:
    settings = load_configuration(project.root, {}).settings
    found = read_lock(project, test_paths=settings.test_paths)
    for problem in found.problems:
        hint = "update the lock with your package manager, and commit it"
        yield Problem("lock", problem, hint)
    lock = {"uv": "uv.lock", "poetry": "poetry.lock", "pixi": "pixi.lock"}
    name = lock.get(project.manager, "")
    if name and not (project.root / name).is_file():
        hint = f"run `{project.manager} lock`, and commit the file"
        yield Problem("lock", f"there is no {name}", hint, broken=False)


def _services(project: Project, variables: Mapping[str, str]) -> Iterator[Problem]:
    services = load_configuration(project.root, variables).settings.services
    for name, reason in services_not_ready(services).items():
        hint = "run `ci-framework/ci setup --services start`"
        message = f"service {name} is not running: {reason}"
        yield Problem("services", message, hint, broken=False)


def _versions(project: Project, *, online: bool) -> Iterator[Problem]:
    """Versions that do not match, and newer ones if requested."""
    table, rendered = _table_version(project), rendered_version(project)
    note = partial(Problem, "versions", broken=False)
    if table and table != __version__:
        message = (
            f"the settings are of version {table}, and the engine is {__version__}"
        )
        yield note(message, "run `copier update`")
    if table and _TAG.fullmatch(rendered) and rendered.lstrip("v") != table:
        message = f"the answers are of {rendered}, and the settings of version {table}"
        hint = f"undo the unfinished update, or write `_commit: v{table}` there"
        yield note(message, f"{hint} if every file is of that version")
    lock = read_engine_lock(project.root)
    if not (online and lock.answers and project.git):
        return
    source = text(as_table(read_yaml(project.root / lock.answers)), "_src_path")
    address = f"https://github.com/{source[3:]}" if source.startswith("gh:") else source
    listed = project.git.run("ls-remote", "--tags", "--", address)
    if listed.code != 0:
        message = f"the versions at {address} are not known: {listed.tail(1)}"
        yield note(message, "check the network")
        return
    yield from _compare_tags(_tags(listed.stdout), rendered, lock.commit)


def _table_version(project: Project) -> str:
    return text(project.written_settings, "version")


def _tags(listed: str) -> dict[str, str]:
    """The commits of the version tags; an annotated tag has two lines."""
    rows = [row.partition("\trefs/tags/") for row in listed.splitlines()]
    tags = {name.removesuffix("^{}"): commit for commit, _, name in rows}
    return {name: commit for name, commit in tags.items() if _TAG.fullmatch(name)}


def _compare_tags(
    tags: Mapping[str, str], rendered: str, pinned: str
) -> Iterator[Problem]:
    """Compare the tag in the answers with the pinned commit and with newer tags."""
    if pinned and tags.get(rendered, pinned) != pinned:
        message = (
            f"ci-framework/engine.lock pins the engine of commit {pinned[:12]}, but "
            f"{rendered} is {tags[rendered][:12]}"
        )
        yield Problem("versions", message, restore("ci-framework/engine.lock"))
    numbers = [tuple(map(int, re.findall(r"\d+", tag))) for tag in tags]
    newest = max(numbers, default=(0, 0, 0))
    own = tuple(map(int, re.findall(r"\d+", __version__)[:3]))
    if newest > own:
        version = ".".join(map(str, newest))
        message = f"version {version} is available, and this is {__version__}"
        yield Problem("versions", message, "run `copier update`", broken=False)
