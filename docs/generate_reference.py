"""Write reference.md from the questions, the settings, the engine and a render.

The companion's part comes from its parser.

``uv run docs/generate_reference.py`` writes it; with ``--check`` it exits with 1 if it
is not up to date.
"""

from __future__ import annotations

import re
import sys
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, cast

import jinja2
import msgspec
import yaml
from chooser_template import Template
from companion_reference import read_companion
from generate_schemas import ROOT, field_notes, finish, summary

from ci_engine.checks import CHECKS
from ci_engine.configuration.loading import load_configuration
from ci_engine.configuration.settings import Settings
from ci_engine.errors import ConfigurationError, ToolError, UsageError
from ci_engine.findings.results import Status, Verdict
from ci_engine.validation.marked_blocks import SHARED_FILES

Document = dict[str, Any]
Answers = dict[str, object]
# The files of a project by path.
Tree = Mapping[str, str]

PACKAGE = "my_project"
QUALITY_TIERS = "extensions/ci_engine/configs/quality-tiers.yaml"
# Tables whose keys are the project's own.
OWN_NAMES = {
    "calls": "`tool`, a name, and `arguments`; one table for each call",
    "data_patterns": "a list of patterns for each pattern",
    "thresholds": "a percentage for each name",
    "group_thresholds": "a percentage for each group",
}
SEE_CHECKS = "[by check](#checks-and-tiers)"
RENDERS: tuple[Answers, ...] = (
    {},
    {"project_type": "application"},
    {"project_state": "existing"},
    {"project_state": "existing", "settings_file": "ci-framework.toml"},
    {"ci_mode": "local"},
    {"license": "none"},
    {"project_type": "monorepo"},
    {"project_type": "mcp-server"},
    {"load_testing": "yes"},
)
WHEN = {
    "{'project_type': 'application'}": "for an application",
    "{'project_type': 'monorepo'}": "for a monorepo",
    "{'project_type': 'mcp-server'}": "for an MCP server",
    "{}": "for a library",
}
STATUSES = {
    Status.PASSED: "made, and nothing found",
    Status.FAILED: "made, and something is wrong",
    Status.TIMED_OUT: "killed after its timeout",
    Status.NOT_RUN: "could not be made; `reason` says why",
    Status.SKIPPED: "there was nothing to check; `reason` says why",
}
VERDICTS = {
    Verdict.GREEN: "every blocking check passed or was skipped",
    Verdict.RED: "a blocking check failed or timed out",
    Verdict.ERROR: "no check failed, but a blocking one could not be made",
}
EXIT_CODES = {
    Verdict.GREEN.exit_code: "green",
    Verdict.RED.exit_code: "red: a blocking check of the gate failed or timed out",
    UsageError.exit_code: "wrong usage, or a configuration file that is not allowed",
    ToolError.exit_code: "a check could not be made, or a tool could not run",
}
assert UsageError.exit_code == ConfigurationError.exit_code  # noqa: S101 - one row


def main() -> int:
    """Write or check the reference."""
    questions = cast("Document", yaml.safe_load(read("copier.yml")))
    tiers = cast("Document", yaml.safe_load(read(QUALITY_TIERS)))
    trees = list(render_all())
    sections = [
        introduction(),
        write_questions(questions),
        write_settings(defaults()),
        write_checks(tiers),
        write_levels(),
        write_states(),
        write_files(trees),
        write_workflows(trees[0][1]),
        write_actions(),
        write_companion(),
    ]
    text = "\n\n".join(sections) + "\n"
    files = {ROOT / "docs" / "reference.md": text}
    return finish(files, "docs/generate_reference.py")


def read(name: str) -> str:
    """Read a file of the repository."""
    return (ROOT / name).read_text(encoding="utf-8")


def table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A Markdown table."""
    heads = list(heads)
    lines = [heads, ["---"] * len(heads), *(list(row) for row in rows)]
    return "\n".join(f"| {' | '.join(map(cell, line))} |" for line in lines)


def cell(text: str) -> str:
    """Text that does not end its cell; an empty one shows a dash."""
    return " ".join(text.split()).replace("|", "\\|") or "-"


def code(value: object) -> str:
    """A value as it is written in YAML and TOML alike."""
    return f"`{msgspec.json.encode(value).decode()}`".replace(",", ", ")


def wrap(text: str) -> str:
    """Prose in lines of the usual length."""
    return textwrap.fill(text, 88, break_long_words=False, break_on_hyphens=False)


def introduction() -> str:
    """What this page is."""
    return """\
<!-- Written by docs/generate_reference.py: do not edit. -->

# Reference

Generated from the template and the engine, so it says what they do.

- [Questions](#questions): what `copier copy` asks and `copier update` remembers
- [Settings](#settings): what `[tool.ci-framework]` may hold
- [Checks and tiers](#checks-and-tiers)
- [Levels of the scan](#levels-of-the-scan)
- [Results and exit codes](#results-and-exit-codes)
- [Files and their owners](#files-and-their-owners)
- [Workflows](#workflows)
- [Actions](#actions)
- [Companion](#companion): the command that adopts existing repositories"""


def defaults() -> Document:
    """The value of every setting that nobody set, from all files of configuration."""
    settings = load_configuration(ROOT / "docs", {}).settings
    found: Document = msgspec.to_builtins(settings)
    tiers = cast("Document", yaml.safe_load(read(QUALITY_TIERS)))
    found["checks"] = tiers["defaults"]["checks"]
    for name in ("changes", "security", "scan", "cleanup"):
        table = getattr(settings, name)
        found[name] = {
            key.replace("_", "-"): getattr(table, key)
            for key in table.__struct_fields__
        }
    return {**tiers["defaults"], **found}


def write_levels() -> str:
    """What each level of the scan runs, and what it fails on."""
    profiles = load_configuration(ROOT / "docs", {}).security
    rows = [
        (
            f"`{name}`",
            level.description,
            level.code,
            level.vulnerabilities,
            level.history,
            ", ".join(f"`{scanner}`" for scanner in level.required),
            ", ".join(f"`{scanner}`" for scanner in level.optional),
        )
        for name, level in profiles.levels.items()
    ]
    heads = (
        "level",
        "what",
        "least red severity",
        "red vulnerabilities",
        "history",
        "required scanners",
        "optional scanners",
    )
    return f"""\
## Levels of the scan

An optional scanner runs where it is installed or configured. A required one that could
not do its work makes the run an error at `high` and `critical`. Secrets are always red.

{table(heads, rows)}"""


def write_questions(document: Document) -> str:
    """One row for each question, in the order of copier.yml."""
    questions = {
        name: question
        for name, question in document.items()
        if not name.startswith("_") and question.get("when") is not False
    }
    rows = [
        (f"`{name}`", str(q["help"]), values(q), default(q), asked(q))
        for name, q in questions.items()
    ]
    heads = ("question", "what", "values", "default", "asked")
    return f"""\
## Questions

Every answer is recorded in `.copier-answers.yml`, also those that were not asked.
Give one on the command line with `-d name=value`; `multi` takes a YAML list, as in
`-d 'python_versions=["3.12", "3.13"]'`. A value that is not allowed is refused with
what is expected.

Copier {document["_min_copier_version"]} or later is needed.

{table(heads, rows)}"""


def values(question: Document) -> str:
    """What may be answered."""
    choices = question.get("choices")
    if choices is None:
        return {"str": "text", "yaml": "YAML"}[question["type"]]
    names = [str(name) for name in choices_of(choices)]
    listed = ", ".join(f"`{name}`" for name in names)
    return f"multi of {listed}" if question.get("multiselect") else listed


def choices_of(choices: object) -> list[object]:
    """The values of a list of choices, or of a table from labels to values."""
    if isinstance(choices, Mapping):
        return list(cast("Mapping[str, object]", choices).values())
    return list(cast("list[object]", choices))


def default(question: Document) -> str:
    """The default, or that it follows from another answer."""
    value = question["default"]
    if not isinstance(value, str) or "{" not in value:
        return code(value)
    source = re.search(r"(?<!\.)\b(project_\w+|packages)\b(?! if)", value)
    return f"derived from `{source.group()}`" if source else code(value)


def asked(question: Document) -> str:
    """When the question is asked."""
    condition = str(question.get("ask", "")).strip("{} ")
    if not condition:
        return "always"
    parts = condition.replace("'", "").split(" and ")
    words = dict.fromkeys(" ".join(part.split(" == ")) for part in parts)
    names = {
        "setup customise": "`customise`",
        "project_state new": "new project",
        "ci_mode != local": "with GitHub",
        "project_type != monorepo": "no monorepo",
    }
    return ", ".join(names.get(word, word.split()[-1]) for word in words)


def write_settings(defaults: Document) -> str:
    """One row for each setting, with its environment variable."""
    rows = list(settings_rows(Settings, (), defaults))
    return f"""\
## Settings

They stand in `[tool.ci-framework]` of `pyproject.toml`, or of `ci-framework.toml` in a
repository without a `pyproject.toml`. The strongest first:

1. the command line,
2. environment variables; lists are separated by commas, an empty one counts as not set,
3. `[tool.ci-framework]`,
4. `extensions/ci_engine/configs/quality-tiers.yaml`, which holds the defaults below.

An unknown key, an unknown `CI_FRAMEWORK_` variable or a value that is not allowed ends
the command with exit code 2 and names file, line, key, value and what is allowed.

{table(("key", "what", "allowed", "default", "environment variable"), rows)}

`CHECK` stands for the name of a check, such as `lint` or `NO_CONFLICT_MARKERS`. The
JSON schema for editors is `extensions/ci_engine/configs/schemas/settings.json`.

Two variables are no settings: `CI_FRAMEWORK_ENGINE_PYTHON` is the Python that starts
the engine (3.10 or later), and `CI_FRAMEWORK_CACHE` is the directory of the cache."""


def settings_rows(
    structure: type[msgspec.Struct], keys: tuple[str, ...], defaults: Document
) -> Iterator[tuple[str, ...]]:
    """The rows of a table of settings and of the tables in it."""
    kind = msgspec.inspect.type_info(structure)
    notes = field_notes(structure)
    for field in cast("msgspec.inspect.StructType", kind).fields:
        here = (*keys, field.encode_name)
        value = defaults.get(field.encode_name)
        if isinstance(field.type, msgspec.inspect.StructType):
            yield from settings_rows(field.type.cls, here, value or {})
        elif field.name in OWN_NAMES:
            what = f"a table: {OWN_NAMES[field.name]}"
            yield f"`{'.'.join(here)}`", notes[field.name], what, "none", "none"
        elif isinstance(field.type, msgspec.inspect.DictType):
            yield from check_rows(field.type.value_type, here, notes[field.name], value)
        else:
            note = notes[field.name]
            yield setting_row(here, note, field.type, code(value))


def check_rows(
    kind: msgspec.inspect.Type, keys: tuple[str, ...], note: str, value: object
) -> Iterator[tuple[str, ...]]:
    """The rows of a table with one entry for each check."""
    if not isinstance(kind, msgspec.inspect.StructType):
        yield setting_row((*keys, "CHECK"), note, kind, "none")
        return
    notes = field_notes(kind.cls)
    if keys == ("services",):
        for field in kind.fields:
            here = f"`services.NAME.{field.encode_name}`"
            known = field.default is not msgspec.NODEFAULT
            default = code(field.default) if known else "none"
            yield here, notes[field.name], allowed(field.type), default, "none"
        return
    for field in kind.fields:
        name = field.encode_name
        each = cast("Mapping[str, Mapping[str, object]]", value)
        found = {check: entry.get(name, field.default) for check, entry in each.items()}
        same = len(set(map(str, found.values()))) == 1
        default = code(next(iter(found.values()))) if same else SEE_CHECKS
        yield setting_row(
            (*keys, "CHECK", name), notes[field.name], field.type, default
        )


def setting_row(
    keys: tuple[str, ...], note: str, kind: msgspec.inspect.Type, default: str
) -> tuple[str, ...]:
    """One setting: key, note, what is allowed, default, environment variable."""
    variable = "CI_FRAMEWORK_" + "_".join(keys).replace("-", "_").upper()
    return (f"`{'.'.join(keys)}`", note, allowed(kind), default, f"`{variable}`")


def allowed(kind: msgspec.inspect.Type) -> str:
    """What a setting may be, in words."""
    if isinstance(kind, msgspec.inspect.LiteralType):
        return ", ".join(f"`{value}`" for value in kind.values)
    if isinstance(kind, msgspec.inspect.BoolType):
        return "`true`, `false`"
    if isinstance(kind, msgspec.inspect.IntType):
        most = "or more" if kind.le is None else f"to {kind.le}"
        return f"integer {kind.ge} {most}"
    if isinstance(kind, msgspec.inspect.FloatType):
        return f"number above {kind.gt:g}" if kind.gt is not None else "number"
    if isinstance(kind, msgspec.inspect.ListType):
        least = f", at least {kind.min_length}" if kind.min_length else ""
        return f"list{least}; each: {allowed(kind.item_type)}"
    if isinstance(kind, msgspec.inspect.UnionType):
        given = [t for t in kind.types if not isinstance(t, msgspec.inspect.NoneType)]
        return " or ".join(map(allowed, given))
    if isinstance(kind, msgspec.inspect.StrType):
        text = "text, not empty" if kind.min_length else "text"
        return f"text like `{kind.pattern}`" if kind.pattern else text
    if isinstance(kind, msgspec.inspect.DictType):
        return f"a table; each: {allowed(kind.value_type)}"
    raise TypeError(kind)


def write_checks(tiers: Document) -> str:
    """The tiers and the checks, with what each does by itself."""
    defaults = tiers["defaults"]["checks"]
    tier_rows = [
        (
            f"`{name}`",
            tier["description"],
            ", ".join(f"`{c}`" for c in CHECKS if defaults[c]["tier"] == name),
        )
        for name, tier in tiers["tiers"].items()
    ]
    check_table = [
        (
            f"`{name}`",
            " ".join(check_notes(name)),
            f"{defaults[name]['timeout']:g} s",
            "yes" if defaults[name].get("blocking", True) else "no",
        )
        for name in CHECKS
    ]
    runners = [(f"`{k}`", f"`{v}`") for k, v in tiers["runners"].items()]
    return f"""\
## Checks and tiers

{table(("tier", "what", "checks it adds"), tier_rows)}

{table(("check", "what it does", "timeout", "blocking"), check_table)}

{table(("platform", "hosted runner"), runners)}"""


def check_notes(name: str) -> list[str]:
    """The first lines of the docstrings of a check."""
    return [summary(CHECKS[name].run)]


def write_states() -> str:
    """The states of a check, the verdicts and the exit codes."""
    statuses = [(f"`{s.value}`", note) for s, note in STATUSES.items()]
    verdicts = [
        (f"`{v.value}`", note, str(v.exit_code)) for v, note in VERDICTS.items()
    ]
    codes = [(str(number), note) for number, note in sorted(EXIT_CODES.items())]
    return f"""\
## Results and exit codes

{table(("status of a check", "meaning"), statuses)}

{table(("verdict of a run", "meaning", "exit code"), verdicts)}

{table(("exit code", "meaning"), codes)}

`ci validate` ends with 2 instead of 1: what it finds is configuration that is not
allowed."""


def write_companion() -> str:
    """The commands, options and exit codes of the companion."""
    companion = read_companion()
    return f"""\
## Companion

`ci-framework COMMAND` brings the framework into a repository that exists; the
[migration guide](migration-guide.md) shows how. A path is the top of a git repository,
by default the current directory; `LIST` is a file with one path or address per line.

{table(("command", "what"), companion.commands)}

{table(("option", "what", "commands"), companion.options)}

{table(("exit code of the companion", "meaning"), companion.exit_codes)}"""


def render_all() -> Iterator[tuple[Answers, Tree]]:
    """Render every kind of project, as the chooser of the site does."""
    template = Template()
    for answers in RENDERS:
        chosen = {"project_name": PACKAGE.replace("_", "-"), **answers}
        found, _ = template.answers(chosen, given=frozenset(chosen))
        yield answers, template.tree(found)


def write_files(trees: list[tuple[Answers, Tree]]) -> str:
    """One row for each path that any kind of project gets, with its owner."""
    rendered = {str(answers): sorted(tree) for answers, tree in trees}
    everywhere = sorted({name for names in rendered.values() for name in names})
    seeds = project_paths()
    rows = [
        (
            f"`{nameless(name)}`",
            owner(name, seeds),
            only(name, rendered),
        )
        for name in everywhere
    ]
    kept = ", ".join(f"`{path}`" for path in seeds)
    return f"""\
## Files and their owners

- **framework**: replaced by every `copier update`; do not edit.
- **shared**: the framework owns what stands between `# >>> ci-framework >>>` and
  `# <<< ci-framework <<<`; the rest is yours, and updates merge. In a new project the
  rest is written once as a start, and later versions of that start are merged too.
- **project**: written once for a new project; no update touches it again.
- **Copier**: the recorded answers; change them with `copier update`, not by hand.

{table(("path", "owner", "present"), rows)}

{wrap(f"Never touched by an update: {kept}, and every path in `unmanaged`.")}"""


def nameless(path: str) -> str:
    """A path of any project, whatever its name is."""
    dashed = PACKAGE.replace("_", "-")
    return path.replace(PACKAGE, "<package_name>").replace(dashed, "<package_name>")


def project_paths() -> list[str]:
    """What `_exclude` leaves alone on every update."""
    excluded = cast("Document", yaml.safe_load(read("copier.yml")))["_exclude"]
    rule = next(entry for entry in excluded if "'update'" in entry)
    environment = jinja2.Environment(autoescape=False)  # noqa: S701 # nosec B701 - no HTML
    text = environment.from_string(rule).render(
        project_state="new",
        _copier_operation="update",
        packages=[{"path": "packages"}],
    )
    return [line.strip("/ ") for line in text.splitlines() if line.strip()]


def owner(path: str, seeds: list[str]) -> str:
    """Who may change a path."""
    if path == ".copier-answers.yml":
        return "Copier"
    if path in SHARED_FILES:
        return "shared"
    return (
        "project"
        if any(path == seed or path.startswith(f"{seed}/") for seed in seeds)
        else "framework"
    )


def only(path: str, rendered: Mapping[str, list[str]]) -> str:
    """In which projects a path is present."""
    if path in ("pyproject.toml", "ci-framework.toml"):
        return f"`settings_file` {path}"
    present = {key: path in names for key, names in rendered.items()}
    if all(present.values()):
        return "always"
    alone = [key for key, there in present.items() if there]
    for kind in ("monorepo", "mcp-server"):
        if alone == [key := f"{{'project_type': '{kind}'}}"]:
            return WHEN[key]
    notes: list[str] = []
    if present["{}"] != present["{'project_type': 'application'}"]:
        kind = "{}" if present["{}"] else "{'project_type': 'application'}"
        notes.append(WHEN[kind])
    if not present["{'project_state': 'existing'}"]:
        notes.append("new project")
    if not present["{'ci_mode': 'local'}"] and present["{}"]:
        notes.append("`ci_mode` remote")
    if not present["{'license': 'none'}"] and present["{}"]:
        notes.append("with a license")
    if sum(present.values()) == present["{'load_testing': 'yes'}"]:
        notes.append("`load_testing` yes")
    return ", ".join(notes)


def write_workflows(tree: Tree) -> str:
    """The jobs of every workflow."""
    parts = ["## Workflows"]
    for path in sorted(tree):
        folder, _, name = path.rpartition("/")
        if folder != ".github/workflows":
            continue
        workflow = cast("Document", yaml.safe_load(tree[path]))
        # YAML 1.1 reads the key `on` as true.
        triggers: Document = next(
            entry for key, entry in workflow.items() if str(key) in ("on", "True")
        )
        rows = [
            (
                f"`{job_name}`",
                str(job["name"]),
                ", ".join(f"`{need}`" for need in needs(job)),
                f"{job['timeout-minutes']} min",
            )
            for job_name, job in workflow["jobs"].items()
        ]
        listed = ", ".join(f"`{name}`" for name in triggers)
        parts.append(f"""\
### {name}

Runs on {listed}.

{table(("job", "name", "needs", "timeout"), rows)}""")
    return "\n\n".join(parts)


def needs(job: Document) -> list[str]:
    """The jobs that a job waits for."""
    needed: object = job.get("needs", [])
    return [needed] if isinstance(needed, str) else cast("list[str]", needed)


def write_actions() -> str:
    """The inputs and outputs of every action."""
    parts = ["## Actions"]
    for path in sorted((ROOT / "actions").glob("*/action.yml")):
        action = cast("Document", yaml.safe_load(path.read_text(encoding="utf-8")))
        inputs = [
            (f"`{name}`", entry["description"], code(entry.get("default", "")))
            for name, entry in action.get("inputs", {}).items()
        ]
        outputs = [
            (f"`{name}`", entry["description"])
            for name, entry in action.get("outputs", {}).items()
        ]
        description = " ".join(re.split(r"\s+", action["description"].strip()))
        parts.append(f"""\
### {path.parent.name}

{wrap(f"{description}.")}

{table(("input", "what", "default"), inputs)}

{table(("output", "what"), outputs)}""")
    return "\n\n".join(parts)


if __name__ == "__main__":
    sys.exit(main())
