"""The chooser of our site shows what the template renders."""

from __future__ import annotations

import json
import random
import shlex
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.support.browser import operate_chooser, problems_of
from tests.support.local_server import file_server
from tests.support.renders import ROOT, Document, files, questions, render

Choice = dict[str, int]

_DATA = ROOT / "docs" / "assets" / "chooser.json"
# Hashes of texts that depend on every answer, and what Copier calls the template.
_OWN = ("ci-framework/files.sha256", "ci-framework/engine.lock", ".copier-answers.yml")


class Option(msgspec.Struct):
    value: str
    label: str


class Question(msgspec.Struct):
    name: str
    options: list[Option]
    default: int
    asked: int


class File(msgspec.Struct):
    path: str
    table: int
    parts: list[tuple[int, int]]


class Chooser(msgspec.Struct):
    """Reads the data of the page as its script does."""

    questions: list[Question]
    tables: list[tuple[list[int], str]]
    texts: list[str]
    files: list[File]

    @property
    def default(self) -> Choice:
        return {question.name: question.default for question in self.questions}

    def options(self, answers: dict[str, str]) -> Choice:
        """The options for given answers."""
        return {
            question.name: [option.value for option in question.options].index(
                answers[question.name]
            )
            for question in self.questions
            if question.name in answers
        }

    def choose(self, generator: random.Random) -> Choice:
        """Any answers."""
        return {q.name: generator.randrange(len(q.options)) for q in self.questions}

    def holds(self, table: int, choice: Choice) -> bool:
        if table < 0:
            return True
        indexes, values = self.tables[table]
        position = 0
        for index in indexes:
            question = self.questions[index]
            position = position * len(question.options) + choice[question.name]
        return values[position] == "1"

    def tree(self, choice: Choice) -> dict[str, str]:
        """The files."""
        return {
            file.path: "".join(
                self.texts[text]
                for text, table in file.parts
                if self.holds(table, choice)
            )
            for file in self.files
            if self.holds(file.table, choice)
        }

    def answers(self, choice: Choice) -> dict[str, str]:
        """The answers to the questions that are asked, as the command line has them."""
        return {
            question.name: question.options[choice[question.name]].value
            for question in self.questions
            if self.holds(question.asked, choice)
        }


def _read() -> Chooser:
    return msgspec.json.decode(_DATA.read_bytes(), type=Chooser)


def _without_own(tree: Mapping[str, str]) -> dict[str, str]:
    return {path: "" if path in _OWN else text for path, text in tree.items()}


def test_the_chooser_has_the_questions_of_the_template() -> None:
    asked = {
        name: [str(value) for value in _choices(given)]
        for name, given in questions().items()
        if given.get("choices") and not given.get("multiselect")
    }
    for question in _read().questions:
        if question.name in asked:
            shown = [option.value for option in question.options]
            assert shown == asked[question.name], question.name


def _choices(given: Document) -> list[Any]:
    choices: dict[str, Any] | list[Any] = given["choices"]
    return list(choices.values() if isinstance(choices, dict) else choices)


@pytest.mark.heavy
def test_files_are_those_that_copier_renders(template: Path, tmp_path: Path) -> None:
    chooser = _read()
    generator = random.Random(20261129)  # noqa: S311 - not for secrets
    choices = [chooser.choose(generator) for _ in range(5)]
    choices.append(chooser.default)
    for number, choice in enumerate(choices):
        answers = {
            name: json.loads(value) if value.startswith("[") else value
            for name, value in chooser.answers(choice).items()
        }
        project = render(
            template, tmp_path / str(number), {"setup": "customise", **answers}
        )
        rendered = {
            path.relative_to(project).as_posix(): path.read_text(encoding="utf-8")
            for path in files(project)
        }
        assert _without_own(chooser.tree(choice)) == _without_own(rendered), answers


@pytest.mark.heavy
def test_a_reader_chooses_with_the_keyboard_and_gets_the_files(tmp_path: Path) -> None:
    (tmp_path / "assets").mkdir()
    for name in ("chooser.js", "chooser.json", "site.css"):
        shutil.copy(ROOT / "docs" / "assets" / name, tmp_path / "assets")
    page = (
        "<!doctype html><html lang=en><title>Chooser</title>"
        "<main><h1>Chooser</h1>"
        '<div id="chooser" class="chooser" data-source="assets/chooser.json"></div>'
        '</main><script src="assets/chooser.js"></script>'
    )
    (tmp_path / "index.html").write_text(page, encoding="utf-8")
    chooser = _read()
    default = chooser.default
    wanted = {"project_type": "monorepo", "package_manager": "uv", "docs": "mkdocs"}
    picked: Choice = {**default, **chooser.options(wanted)}
    labels = {
        q.name: q.options[picked[q.name]].label
        for q in chooser.questions
        if picked[q.name] != q.default
    }
    with file_server(tmp_path) as address:
        seen = operate_chooser(
            f"{address}/", [({}, "pyproject.toml"), (labels, "mkdocs.yml")]
        )

    for entry, choice in zip(seen, (default, picked), strict=True):
        tree = chooser.tree(choice)
        assert sorted(entry["files"]) == sorted(tree)
        assert entry["text"] == tree[entry["open"]]
        assert set(entry["questions"]) == set(chooser.answers(choice))
    assert seen[0]["command"] == (
        "copier copy --defaults https://github.com/MementoRC/ci-framework my-project"
    )
    command = shlex.split(seen[1]["command"])
    assert {"setup=customise", "docs=mkdocs", "project_type=monorepo"} <= {*command}
    assert "project_type=monorepo" in seen[1]["address"]


@pytest.mark.heavy
def test_the_chooser_can_be_used_at_a_desk_and_on_a_phone(site: Path) -> None:
    with file_server(site) as address:
        found = problems_of(f"{address}/chooser/")
    assert found == [], "\n".join(found)
