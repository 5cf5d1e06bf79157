"""Renders the template in memory, many times a second, for the chooser of the site.

Copier needs a second for a project, and the chooser needs thousands. What Copier would
write is the same, which a test compares.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any, cast

import jinja2
import yaml
from jinja2 import meta
from jinja2.sandbox import SandboxedEnvironment
from pathspec import PathSpec

ROOT = Path(__file__).resolve().parents[1]
_TEMPLATE = "template"
_SUFFIX = ".jinja"
_LOOP = re.compile(r"\{% yield (\w+) from (\w+) %\}(.*?)\{% endyield %\}")
# What stands for the commit of the release, which the template cannot know.
COMMIT = "0" * 40

# What a person gives on the command line counts although it is not asked.
_GIVEN = frozenset({"project_state"})

Answers = dict[str, Any]


@dataclass(frozen=True)
class Question:
    """A question of copier.yml.

    Attributes:
        kind: the type of its answer.
        values: what can be chosen, with what is shown for it; nothing for a text.
        default: its default, which may be a template.
        asked: the condition under which it is asked.
        computed: whether it is a value that is never asked.
    """

    name: str
    help: str
    kind: str
    several: bool
    values: Mapping[str, str]
    default: object
    asked: str
    computed: bool


class Template:
    """The template of a checkout."""

    def __init__(self, commit: str | None = COMMIT) -> None:
        self.commit = commit
        self.document: dict[str, Any] = yaml.safe_load(
            (ROOT / "copier.yml").read_text(encoding="utf-8")
        )
        loader = jinja2.FileSystemLoader(ROOT)
        options = {**self.document["_envops"], "undefined": jinja2.StrictUndefined}
        self._env = SandboxedEnvironment(
            loader=loader,
            extensions=["jinja2_ansible_filters.AnsibleCoreFiltersExtension"],
            auto_reload=False,
            cache_size=-1,
            **options,
        )
        self._compiled: dict[str, jinja2.Template] = {}
        self._rendered: dict[tuple[str, str], str] = {}
        self._uses: dict[str, Sequence[str]] = {}

    @cached_property
    def questions(self) -> dict[str, Question]:
        """The questions, in their order."""
        return {
            name: Question(
                name=name,
                help=" ".join(str(given.get("help", "")).split()),
                kind=str(given.get("type", "str")),
                several=bool(given.get("multiselect", False)),
                values=_values(given.get("choices", [])),
                default=given.get("default"),
                asked=str(given.get("ask", "true")),
                computed=given.get("when") is False,
            )
            for name, given in self.document.items()
            if not name.startswith("_")
        }

    def text(self, source: str, context: Mapping[str, object]) -> str:
        """Render a template that is not a file."""
        if "{" not in source:
            return source
        if source not in self._compiled:
            self._compiled[source] = self._env.from_string(source)
        return self._compiled[source].render(context)

    def answers(
        self, chosen: Mapping[str, object], *, given: frozenset[str] = _GIVEN
    ) -> tuple[Answers, frozenset[str]]:
        """All answers, and the names of the questions that are asked.

        A question that is not asked has its default, whatever was chosen, unless it is
        one of ``given``.
        """
        known: Answers = {"_copier_conf": self._conf}
        asked: set[str] = set()
        for question in self.questions.values():
            if self._is_asked(question, known):
                asked.add(question.name)
            if question.name in chosen and question.name in asked | given:
                known[question.name] = chosen[question.name]
            else:
                known[question.name] = self._default(question, known)
        del known["_copier_conf"]
        return known, frozenset(asked)

    def _default(self, question: Question, context: Mapping[str, object]) -> object:
        given = question.default
        if not isinstance(given, str):
            return given
        text = self.text(given, context)
        if question.kind == "yaml" or question.several:
            return yaml.safe_load(text)
        return json.loads(text) if question.kind == "json" else text

    def _is_asked(self, question: Question, answers: Answers) -> bool:
        """Whether a person who wants every question gets this one."""
        if question.computed:
            return False
        return self.text(question.asked, answers).strip().lower() == "true"

    @property
    def _conf(self) -> Mapping[str, object]:
        return {"answers_file": ".copier-answers.yml", "vcs_ref_hash": self.commit}

    @cached_property
    def sources(self) -> Sequence[str]:
        """The files below ``template/``."""
        top = ROOT / _TEMPLATE
        return [
            path.relative_to(top).as_posix()
            for path in sorted(top.rglob("*"))
            if path.is_file() and "__pycache__" not in path.parts
        ]

    @cached_property
    def _plain(self) -> Mapping[str, str]:
        """The content of the files that have no place for answers."""
        return {
            source: (ROOT / _TEMPLATE / source).read_text(encoding="utf-8")
            for source in self.sources
            if not source.endswith(_SUFFIX)
        }

    def tree(self, answers: Answers) -> dict[str, str]:
        """The files of a project."""
        context: dict[str, object] = {
            **answers,
            "_copier_conf": self._conf,
            "_copier_answers": self._recorded(answers),
            "_copier_operation": "copy",
        }
        lines = "\n".join(
            self.text(each, context) for each in self.document["_exclude"]
        )
        files: dict[str, str] = {}
        for source in self.sources:
            for path, own in self._paths(source, context):
                if _is_excluded(lines, path):
                    continue
                files[path] = (
                    self._render(f"{_TEMPLATE}/{source}", own)
                    if source.endswith(_SUFFIX)
                    else self._plain[source]
                )
        return files

    def _render(self, name: str, context: Mapping[str, object]) -> str:
        """Render a file, unless that was done with the same values."""
        used = self._used(name)
        key = name, repr([context.get(each) for each in used])
        if key not in self._rendered:
            self._rendered[key] = self._env.get_template(name).render(context)
        return self._rendered[key]

    def _used(self, name: str) -> Sequence[str]:
        """The values that a file may use, those in what it imports included."""
        if name not in self._uses:
            found, todo, done = set[str](), [name], set[str]()
            while todo:
                each = todo.pop()
                done.add(each)
                tree = self._env.parse((ROOT / each).read_text(encoding="utf-8"))
                found |= meta.find_undeclared_variables(tree)
                others = set(filter(None, meta.find_referenced_templates(tree)))
                todo += others - done
            self._uses[name] = sorted(found)
        return self._uses[name]

    def _recorded(self, answers: Answers) -> Answers:
        own = {"_src_path": "https://github.com/MementoRC/ci-framework"}
        if self.commit:
            own = {"_commit": "the release", **own}
        computed = {name for name, each in self.questions.items() if each.computed}
        return {**own, **{n: v for n, v in answers.items() if n not in computed}}

    def _paths(
        self, source: str, context: dict[str, object]
    ) -> Iterator[tuple[str, dict[str, object]]]:
        """Where a file of the template lands, once for each element of its loop."""
        loop = _LOOP.search(source)
        if loop is None:
            yield self.text(source.removesuffix(_SUFFIX), context), context
            return
        items: Any = context[loop[2]]
        for item in items:
            own = {**context, loop[1]: item}
            name = source[: loop.start()] + loop[3] + source[loop.end() :]
            yield self.text(name.removesuffix(_SUFFIX), own), own


def _values(choices: object) -> dict[str, str]:
    """The values of a question, with what is shown for each."""
    if isinstance(choices, dict):
        named = cast("dict[object, object]", choices)
        return {str(value): str(shown) for shown, value in named.items()}
    return {str(value): str(value) for value in cast("list[object]", choices)}


@cache
def _patterns(lines: str) -> PathSpec[Any]:
    return PathSpec.from_lines("gitwildmatch", lines.splitlines())


@cache
def _is_excluded(lines: str, path: str) -> bool:
    """Whether a file, or a directory above it, is left out."""
    excluded = _patterns(lines)
    parents = Path(path).parents
    return excluded.match_file(path) or any(
        excluded.match_file(f"{parent.as_posix()}/") for parent in parents[:-1]
    )
