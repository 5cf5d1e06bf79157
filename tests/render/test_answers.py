"""Every answer is rendered correctly wherever it appears, or refused with a reason."""

from __future__ import annotations

import keyword
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from copier._main import Worker
from copier._user_data import AnswersMap, Question
from jinja2 import Environment, FileSystemLoader
from markdown_it import MarkdownIt

from tests.support.answer_values import ACCEPTED, HOSTILE_TEXT, REFUSED
from tests.support.parsing import read_toml
from tests.support.points import LONG_NAME
from tests.support.renders import ROOT, questions, read_answers, render

# What does not depend on the text is left out: the tests are quicker.
STATIC = ["/ci-framework", "/.github"]


@pytest.mark.heavy
def test_any_line_of_text_is_a_description_and_an_author(
    template: Path, tmp_path: Path, subtests: pytest.Subtests
) -> None:
    for number, text in enumerate(HOSTILE_TEXT):
        with subtests.test(text=text[:40]):
            check_text(template, tmp_path / str(number), text)


def check_text(template: Path, target: Path, text: str) -> None:
    # A comma is forbidden in a name, and names are shorter.
    author = text.replace(",", "")[:128].strip()
    answers = {
        "description": text,
        "author_name": author,
        "license": "BSD-3-Clause",
        "package_manager": "uv",
    }
    path = render(template, target, answers, exclude=STATIC)
    assert answers.items() <= read_answers(path).items()
    project = read_toml(path / "pyproject.toml")["project"]
    assert project["description"] == text
    assert project["authors"] == [{"name": author}]
    license_name = (path / "LICENSE").read_text(encoding="utf-8")
    assert f"\nCopyright (c) {author}\n" in license_name
    assert readme_text(path, 4) == text
    for module in path.rglob("*.py"):
        code = module.read_text(encoding="utf-8")
        assert f'"{text}"' not in code


def readme_text(path: Path, token: int) -> str:
    """Read one paragraph or heading of the README, which holds nothing but text."""
    parser = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    blocks = parser.parse((path / "README.md").read_text(encoding="utf-8"))
    kinds = [block.type for block in blocks[: token + 2]]
    assert kinds[1::3] == ["inline"] * len(kinds[1::3])
    assert kinds[::3] == ["heading_open", "paragraph_open"][: len(kinds[::3])]
    parts = blocks[token].children or []
    assert {part.type for part in parts} <= {"text", "text_special"}
    return "".join(part.content for part in parts)


@pytest.mark.parametrize(
    ("project", "distribution", "package"),
    [
        ("A", "a", "a"),
        ("My Project", "my-project", "my_project"),
        ("a.b_c-d", "a-b-c-d", "a_b_c_d"),
        ("a -_. b", "a-b", "a_b"),
        ("3D Tools", "3d-tools", "py_3d_tools"),
        ("Json", "json", "py_json"),
        ("class", "class", "py_class"),
        ("tests", "tests", "py_tests"),
        ("test", "test", "py_test"),
        ("NUL", "nul", "py_nul"),
        ("com1", "com1", "py_com1"),
        ("match", "match", "match"),
        ("on", "on", "on"),
        ("1e3", "1e3", "py_1e3"),
        (LONG_NAME, LONG_NAME, LONG_NAME),
        ("9" * 64, "9" * 64, "py_" + "9" * 61),
        ("9" * 60 + "-" * 3 + "9", "9" * 60 + "-9", "py_" + "9" * 60),
    ],
)
def test_the_names_of_a_project_follow_from_its_own(
    template: Path, tmp_path: Path, project: str, distribution: str, package: str
) -> None:
    path = render(template, tmp_path, {"project_name": project}, exclude=STATIC)
    assert read_toml(path / "pyproject.toml")["project"]["name"] == distribution
    assert read_answers(path)["package_name"] == package
    assert (path / "src" / package / "py.typed").is_file()
    assert readme_text(path, 1) == project


@pytest.mark.heavy
def test_unusual_but_valid_answers_are_recorded(
    template: Path, tmp_path: Path, subtests: pytest.Subtests
) -> None:
    for number, (answer, value) in enumerate(ACCEPTED):
        with subtests.test(answer=answer, value=value):
            target = tmp_path / str(number)
            path = render(template, target, {answer: value}, exclude=STATIC)
            assert read_answers(path)[answer] == value
            read_toml(path / "pyproject.toml")


@pytest.mark.parametrize(
    ("repository", "address"),
    [
        ("owner/name", "https://github.com/owner/name"),
        ("owner/name.py/", "https://github.com/owner/name.py"),
        ("owner/name.git", "https://github.com/owner/name"),
        ("github.com/owner/name", "https://github.com/owner/name"),
        ("git@github.com:owner/name.git", "https://github.com/owner/name"),
        ("ssh://git@github.com/owner/name.git", "https://github.com/owner/name"),
        ("https://github.com/owner/name/", "https://github.com/owner/name"),
        ("https://github.com/owner/name.git/", "https://github.com/owner/name"),
        ("git.example.org:8443/a/b/c", "https://git.example.org:8443/a/b/c"),
        ("git@git.example.org:a/b/c", "https://git.example.org/a/b/c"),
    ],
)
def test_every_usual_form_of_a_repository_gives_its_address(
    template: Path, tmp_path: Path, repository: str, address: str
) -> None:
    path = render(template, tmp_path, {"repository": repository}, exclude=STATIC)
    urls = read_toml(path / "pyproject.toml")["project"]["urls"]
    assert urls == {"Repository": address}
    assert f"({address}/security)" in (path / "SECURITY.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("as_text", [False, True])
def test_lists_and_numbers_may_come_as_text_from_the_command_line(
    template: Path, tmp_path: Path, as_text: bool
) -> None:
    answers: dict[str, object] = {
        "python_versions": ["3.10", "3.12"],
        "platforms": ["linux"],
        "source_paths": ["src", "lib"],
        "coverage_threshold": 75,
    }
    given = {k: str(v) if as_text else v for k, v in answers.items()}
    recorded = read_answers(render(template, tmp_path, given, exclude=STATIC))
    assert {key: recorded[key] for key in answers} == answers


@pytest.fixture(scope="module")
def questionnaire(
    template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Questionnaire]:
    with Worker(str(template), tmp_path_factory.mktemp("unused")) as worker:
        yield Questionnaire(worker)


class Questionnaire:
    """Put answers to the questions as Copier does, without rendering files."""

    def __init__(self, worker: Worker) -> None:
        self._environment = worker.jinja_env
        self._defaults: dict[str, object] = {}
        for name in questions():
            self._defaults[name] = self._question(name).get_default()

    def _question(self, name: str) -> Question:
        return Question(
            var_name=name,
            answers=AnswersMap(),
            context=self._defaults,
            jinja_env=self._environment,
            **questions()[name],
        )

    def put(self, name: str, value: object) -> None:
        """Answer one question.

        Raises:
            ValueError: if the answer is refused.
        """
        question = self._question(name)
        question.validate_answer(question.parse_answer(value))


@pytest.mark.heavy
def test_a_wrong_answer_is_refused_with_what_is_expected(
    questionnaire: Questionnaire, subtests: pytest.Subtests
) -> None:
    for answer, value in REFUSED:
        with subtests.test(answer=answer, value=value):
            check_refusal(questionnaire, answer, value)


def check_refusal(questionnaire: Questionnaire, answer: str, value: object) -> None:
    with pytest.raises(ValueError, match=answer) as refusal:
        questionnaire.put(answer, value)
    message = str(refusal.value)
    assert re.search(r": expected .+, got .|is not in \[", message), message


def test_the_expected_part_of_a_refusal_is_visible_on_a_narrow_terminal(
    questionnaire: Questionnaire,
) -> None:
    with pytest.raises(ValueError, match="repository") as refusal:
        questionnaire.put("repository", "http://github.com/" + "a" * 200)
    message = str(refusal.value)
    assert "expected owner/name or " in message[:110]
    assert "https://github.com/owner/name" in message[:130]


def test_unusual_but_valid_answers_are_accepted(
    questionnaire: Questionnaire, subtests: pytest.Subtests
) -> None:
    for answer, value in ACCEPTED:
        with subtests.test(answer=answer, value=value):
            questionnaire.put(answer, value)


def test_a_refused_answer_writes_nothing(template: Path, tmp_path: Path) -> None:
    for answer, value in REFUSED[:3] + REFUSED[-3:]:
        with pytest.raises(ValueError, match=answer):
            render(template, tmp_path / "project", {answer: value})
        assert not (tmp_path / "project").exists()


def test_an_existing_project_may_have_its_code_and_tests_anywhere(
    template: Path, tmp_path: Path
) -> None:
    answers = {
        "project_state": "existing",
        "source_paths": ["."],
        "test_paths": [],
        "package_name": "PyOld",
    }
    path = render(template, tmp_path, answers, exclude=STATIC)
    settings = read_toml(path / "pyproject.toml")["tool"]["ci-framework"]
    assert settings["source-paths"] == ["."]
    assert settings["test-paths"] == []


def test_no_package_can_have_the_name_of_a_keyword_or_of_a_standard_module() -> None:
    environment = Environment(loader=FileSystemLoader(ROOT), autoescape=False)  # noqa: S701
    environment.filters["regex_replace"] = str
    environment.filters["regex_search"] = str
    names = environment.get_template("extensions/jinja/names.jinja").module
    taken: list[str] = vars(names)["taken"]
    public = {name for name in sys.stdlib_module_names if not name.startswith("_")}
    assert public | set(keyword.kwlist) <= set(taken)
