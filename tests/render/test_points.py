"""Each combination of answers renders to correct files."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain
from typing import cast

from tests.support.covering import pairs_of
from tests.support.parsing import parse_yaml
from tests.support.points import FACTORS, POINTS
from tests.support.rendered import Point, each_point
from tests.support.renders import files, questions

RELEASES = ["release-please-config.json", ".release-please-manifest.json"]
SEEDS = [
    *("src", "tests", "README.md", "AGENTS.md", "LICENSE"),
    *("SECURITY.md", ".editorconfig"),
]


def test_the_combinations_hold_every_pair_of_values() -> None:
    wanted = {
        pair
        for one, first in _values()
        for other, second in _values()
        if list(FACTORS).index(one) < list(FACTORS).index(other)
        for pair in [((one, repr(first)), (other, repr(second)))]
    }
    assert wanted == set(chain.from_iterable(map(pairs_of, POINTS)))


def _values() -> Iterator[tuple[str, object]]:
    return ((name, value) for name, values in FACTORS.items() for value in values)


def test_every_choice_of_every_question_is_tried() -> None:
    for name, question in questions().items():
        if "choices" not in question:
            continue
        choices = cast("dict[str, object] | list[object]", question["choices"])
        known = list(choices.values() if isinstance(choices, dict) else choices)
        tried: list[object] = []
        for value in FACTORS[name]:
            tried += cast("list[object]", value) if isinstance(value, list) else [value]
        assert set(tried) == set(known), name
    assert questions().keys() - FACTORS.keys() == {"package_name", "packages"}


@each_point
def test_every_answer_is_recorded_as_it_was_given(point: Point) -> None:
    recorded = {
        key: value for key, value in point.answers.items() if not key.startswith("_")
    }
    assert recorded.keys() == questions().keys()
    number = int(point.path.name.removeprefix("point-"))
    given = dict(POINTS[number])
    for name, question in questions().items():
        if not question.get("multiselect"):
            continue
        choices = cast("dict[str, str] | list[str]", question["choices"])
        order = list(choices.values() if isinstance(choices, dict) else choices)
        given[name] = sorted(cast("list[str]", given[name]), key=order.index)
    derived = {name: recorded[name] for name in ("package_name", "packages")}
    assert recorded == {**given, **derived}


@each_point
def test_yaml_files_can_be_read(point: Point) -> None:
    for path in files(point.path):
        if path.suffix in {".yml", ".yaml"}:
            assert parse_yaml(path.read_text(encoding="utf-8")) is not None


@each_point
def test_file_names_are_legal_everywhere(point: Point) -> None:
    names = [path.relative_to(point.path).as_posix() for path in files(point.path)]
    folded = [name.casefold() for name in names]
    assert len(folded) == len(set(folded))
    for name in names:
        assert not re.search(r'[<>:"\\|?*\x00-\x1f{}%]|[ .](/|$)', name), name
        for part in name.split("/"):
            assert not re.fullmatch(
                r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?", part
            ), name
        assert len(name) < 180, name


@each_point
def test_nothing_of_the_template_language_is_left(point: Point) -> None:
    for path in files(point.path):
        if path.name == "bootstrap":  # f-strings of Python have doubled braces
            continue
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"\{%|%\}|\{#|(?<!\$)\{\{", text), path


@each_point
def test_text_files_end_and_break_as_the_hooks_want_it(point: Point) -> None:
    windows = cast("list[str]", point.answers["crlf_files"])
    for path in files(point.path):
        content = path.read_bytes()
        if path.relative_to(point.path).as_posix() in windows:
            assert content.count(b"\n") == content.count(b"\r\n"), path
            content = content.replace(b"\r\n", b"\n")
        assert b"\r" not in content, path
        assert not re.search(rb"[ \t]\n", content), path
        if content:
            assert content.endswith(b"\n"), path
            assert not content.endswith(b"\n\n"), path
            assert not content.startswith(b"\n"), path
        if path.suffix != ".lock":
            assert b"\n\n\n\n" not in content, path


@each_point
def test_python_has_at_most_88_columns(point: Point) -> None:
    for path in files(point.path):
        if path.suffix != ".py":
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            assert len(line) <= 88, f"{path}:{number}"


@each_point
def test_only_a_new_project_gets_files_of_its_own(point: Point) -> None:
    unmanaged = point.answers["unmanaged"]
    licensed = point.answers["license"] != "none" and "LICENSE" not in unmanaged
    packages = {package["path"] for package in point.packages}
    for name in {*SEEDS, *RELEASES, "CHANGELOG.md", *packages}:
        expected = point.new and (name != "LICENSE" or licensed)
        if name in ("src", "tests"):
            expected = point.new and not packages
        elif name == "CHANGELOG.md":
            remote = point.answers["ci_mode"] != "local"
            published = remote and point.answers["releases"] == "pypi"
            expected = point.new and published and not packages
        elif name in RELEASES:
            asked = point.answers["releases"] == "release-please"
            expected = bool(packages) and asked
        assert (point.path / name).exists() is expected, name
    assert not [path for path in unmanaged if (point.path / path).exists()]
    assert (point.path / "ci-framework" / "engine.lock").is_file()
    assert not (point.path / "ci-framework" / "ci_engine").exists()
    assert (point.path / ".github").exists() is (point.answers["ci_mode"] != "local")


@each_point
def test_the_python_versions_agree(point: Point) -> None:
    versions = cast("list[str]", point.answers["python_versions"])
    assert (
        point.tool("ci-framework")["matrix"]["answers"]["python-versions"] == versions
    )
    numbers = [int(version.split(".")[1]) for version in versions]
    assert numbers == sorted(numbers)
    if not point.new:
        assert "project" not in point.pyproject()
        return
    project = point.metadata()
    assert project["requires-python"] == f">={versions[0]}"
    named = [
        classifier.rpartition(" :: ")[2]
        for classifier in project["classifiers"]
        if re.search(r":: 3\.\d+$", classifier)
    ]
    assert named == versions
    keys = {
        "pyright": "pythonVersion",
        "mypy": "python_version",
        "pyrefly": "python-version",
    }
    checkers = [point.tool(name).get(key) for name, key in keys.items()]
    assert list(filter(None, checkers)) == [versions[0]]
    if point.pixi:
        python = point.tool("pixi")["dependencies"]["python"]
        assert python == f">={versions[0]},<3.{numbers[-1] + 1}"


@each_point
def test_a_licence_is_stated_once_or_publishing_is_prevented(point: Point) -> None:
    if not point.new:
        return
    project = point.metadata()
    private = "Private :: Do Not Upload" in project["classifiers"]
    assert private is (point.answers["license"] == "none")
    assert project.get("license", "none") == point.answers["license"]
    assert ("license-files" in project) is not private


@each_point
def test_the_metadata_is_what_was_answered(point: Point) -> None:
    if not point.new:
        return
    scripts = "scripts" in point.pyproject().get("project", {})
    assert scripts is (point.answers["project_type"] in ("application", "mcp-server"))
    project = point.metadata()
    if not point.packages:
        assert project.get("description", "") == point.answers["description"]
    people = project.get("authors", [{}])
    assert people[0].get("name", "") == point.answers["author_name"]
    assert people[0].get("email", "") == point.answers["author_email"]
    urls = project.get("urls", {})
    assert urls.get("Repository", "") == point.answers["repository"]


@each_point
def test_names_that_are_taken_get_a_prefix(point: Point) -> None:
    prefix = cast("str", point.answers["github_prefix"])
    github = point.path / ".github"
    names = {path.name for path in (github / "workflows").glob("*")}
    names |= {path.parent.name for path in (github / "actions").glob("*/action.yml")}
    assert all(name.startswith(prefix) for name in names)
    for path in (github / "workflows").glob("*"):
        text = path.read_text(encoding="utf-8")
        used = re.findall(r"\.github/actions/([\w-]+)", text)
        # A release runs nothing of the repository.
        assert used or path.name == f"{prefix}release-please.yml"
        assert set(used) <= names
        titled = re.search(r"^name: .* \(framework\)$", text, re.MULTILINE)
        assert (titled is not None) is bool(prefix)
