"""Every answer is rendered right wherever it appears, or refused with a reason."""

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

from tests.render.points import LONG_NAME
from tests.render.renders import ROOT, questions, read_answers, read_toml, render

HOSTILE_TEXT = [
    'it\'s "quoted"',
    "back\\slash \\n \\u0041 \\",
    "${{ secrets.TOKEN }}",
    "{{ project_name }} {% raw %} {# x #}",
    "<script>alert(1)</script> &amp; <!-- x",
    "*bold* _em_ `code` ~~no~~ [a](b) ![c](d) | e | f",
    "# not a heading",
    "- not a list",
    "+ not a list",
    "1. not a list",
    "2) not a list",
    "> no quote",
    "--- no rule",
    "=== no heading",
    "<<<<<<< HEAD",
    "======= x",
    "$x^2$ costs $5 & 'more'",
    "```not a fence",
    "~~~not a fence",
    "null",
    "yes",
    "0x10",
    "1e3",
    "2024-01-01",
    "key: value # comment",
    "!tag &anchor *alias",
    "%directive @at `tick`",
    "[a] {b: c}",
    "'''",
    '"""',
    "]]>",
    "日本語 émoji 🎉 👩\u200d💻",
    "a" * 512,
    "two  spaces",
]


# What does not depend on the text is left out: the tests are quicker.
STATIC = ["/ci-framework", "/.github"]


@pytest.mark.parametrize("text", HOSTILE_TEXT)
def test_any_line_of_text_is_a_description_and_an_author(
    template: Path, tmp_path: Path, text: str
) -> None:
    # A comma is forbidden in a name, and names are shorter.
    author = text.replace(",", "")[:128].strip()
    answers = {
        "description": text,
        "author_name": author,
        "license": "BSD-3-Clause",
        "package_manager": "uv",
    }
    path = render(template, tmp_path, answers, exclude=STATIC)
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


ACCEPTED = [
    ("package_name", "other_name"),
    ("author_email", "12+me@users.noreply.github.com"),
    ("repository", "https://git.example.org:8443/group/sub/na.me_1/"),
    ("main_branch", "release/2.x-next_1"),
    ("integration_branch", "team-a/development"),
    ("source_paths", ["src", "tools/my scripts", ".hidden/x+y@z", "größe"]),
    ("test_paths", ["tests", "src/inner tests"]),
    ("pixi_prefix", "ci-2-"),
    ("github_prefix", "framework-"),
    ("hooks_indent", 0),
    ("updates_indent", 8),
    ("coverage_threshold", 0),
    ("coverage_threshold", 100),
    ("unmanaged", [".github/workflows/python-ci.yml", "ci-framework/configs"]),
]


@pytest.mark.parametrize(("answer", "value"), ACCEPTED)
def test_unusual_but_right_answers_are_kept(
    template: Path, tmp_path: Path, answer: str, value: object
) -> None:
    path = render(template, tmp_path, {answer: value}, exclude=STATIC)
    assert read_answers(path)[answer] == value
    read_toml(path / "pyproject.toml")


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


REFUSED: list[tuple[str, object]] = [
    ("setup", "quick"),
    *(
        ("project_name", name)
        for name in (
            "",
            " a",
            "a ",
            "-a",
            "a-",
            "a/b",
            "a\nb",
            "a\n",
            "é",
            "a" * 65,
            "a'b",
            "${{ a }}",
            "{{ 1 }}",
            "pytest",
            "Pre Commit",
        )
    ),
    *(
        ("package_name", name)
        for name in (
            "",
            "1a",
            "a-b",
            "a.b",
            "a b",
            "é",
            "class",
            "json",
            "tests",
            "test",
            "My",
            "_a",
            "a\n",
            "a" * 65,
            "con",
            "pytest",
            "pre_commit",
            "ci_engine",
            "src",
        )
    ),
    *(
        (answer, text)
        for answer in ("description", "author_name")
        for text in (
            "a\nb",
            "a\n",
            "a\tb",
            "a\x00b",
            "a\x1bb",
            "a\x7fb",
            "a\x85b",
            "a\u2028b",
            "a\u202eb",
            "\ufeffa",
            " a",
            "a ",
            "\u00a0a",
            "a" * 513,
        )
    ),
    ("author_name", "Doe, Jane"),
    *(
        ("author_email", text)
        for text in ("a", "a@b", "a b@c.org", "<a@b.org>", 'a"@b.org', "a@b.org\n")
    ),
    *(
        ("repository", text)
        for text in (
            "http://github.com/a/b",
            "git@github.com:a/b",
            "https://github.com",
            "https://u:p@github.com/a/b",
            "https://github.com/a b",
            'https://github.com/a"b',
            "https://github.com/a/b?c",
            "https://github.com/a/b\n",
        )
    ),
    *(
        (answer, text)
        for answer in ("main_branch", "integration_branch")
        for text in (
            "a b",
            "a..b",
            "a.lock",
            "a.lock/b",
            "a./b",
            "/a",
            "a/",
            "a//b",
            "-a",
            ".a",
            "a.",
            "a/.b",
            "a~1",
            "a^",
            "a:b",
            "a?",
            "a*",
            "a[b",
            "a\\b",
            "a@{b",
            "@",
            "HEAD",
            "a'b",
            "${{ x }}",
            "a\n",
        )
    ),
    ("main_branch", ""),
    ("integration_branch", "main"),
    *(
        (answer, paths)
        for answer in ("source_paths", "test_paths", "unmanaged")
        for paths in (
            "src",
            "{a: b}",
            {"a": "b"},
            7,
            None,
            [1],
            [None],
            [["src"]],
            ["/src"],
            ["src/"],
            ["../src"],
            ["src/../x"],
            ["./src"],
            ["src\\x"],
            ["C:/x"],
            ["a*"],
            ["a?"],
            ["a[b]"],
            ["!a"],
            ["#a"],
            ["-a"],
            ["a'b"],
            ['a"b'],
            ["a\nb"],
            ["a\tb"],
            ["a$b"],
            ["a`b"],
            ["a;b"],
            ["a&b"],
            ["a|b"],
            ["{{ a }}"],
            ["a//b"],
            ["a "],
            [" a"],
            ["a."],
            [""],
            ["a" * 201],
            ["src", "tests", "a", "A"],
        )
    ),
    ("source_paths", []),
    ("source_paths", ["lib"]),
    ("test_paths", []),
    ("test_paths", ["spec"]),
    ("test_paths", ["tests", "src"]),
    ("unmanaged", ["."]),
    ("unmanaged", [".copier-answers.yml"]),
    ("unmanaged", [".copier-answers.ci-framework.yml"]),
    *(
        (answer, text)
        for answer in ("pixi_prefix", "github_prefix")
        for text in ("A", "1", "-a", "a_b", "a b", "a" * 21)
    ),
    *(
        (answer, value)
        for answer in ("hooks_indent", "updates_indent")
        for value in (-1, 9, "two", 2.5, True, None, [2])
    ),
    ("settings_file", "setup.cfg"),
    ("hooks", ["test"]),
    ("update_ecosystems", ["npm"]),
    ("crlf_files", ["README.md"]),
    *(
        ("coverage_threshold", value)
        for value in (-1, 101, "ninety", 89.5, True, None, [90], "")
    ),
    ("python_versions", []),
    ("python_versions", ["3.9"]),
    ("python_versions", [3.10]),
    ("platforms", []),
    ("platforms", ["beos"]),
    ("license", "GPL"),
    ("project_type", "script"),
    ("project_state", "old"),
    ("package_manager", "conda"),
    ("type_checker", "ty"),
]


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


@pytest.mark.parametrize(("answer", "value"), REFUSED)
def test_what_cannot_be_rendered_is_refused_with_a_reason(
    questionnaire: Questionnaire, answer: str, value: object
) -> None:
    with pytest.raises(ValueError, match=answer) as refusal:
        questionnaire.put(answer, value)
    message = str(refusal.value)
    assert re.search(r"found .*; allowed: |is not in \[", message), message


@pytest.mark.parametrize(("answer", "value"), ACCEPTED)
def test_the_refusals_above_are_not_of_everything(
    questionnaire: Questionnaire, answer: str, value: object
) -> None:
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
