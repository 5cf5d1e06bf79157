"""The block of each shared file, for each combination of answers."""

from __future__ import annotations

import re
from functools import cache
from typing import cast

import pytest
from packaging.requirements import Requirement
from validate_pyproject.api import Validator

import ci_engine
from ci_engine.configuration.project_settings import settings_mistakes
from tests.support.parsing import parse_yaml, read_toml
from tests.support.rendered import Point, each_point
from tests.support.renders import BLOCK_END, BLOCK_START


@each_point
def test_each_shared_file_has_one_block(point: Point) -> None:
    optional = {"pyproject.toml", "ci-framework.toml", ".pre-commit-config.yaml"}
    for name in optional - set(point.shared()):
        assert not (point.path / name).exists()
    for name in point.shared():
        lines = (point.path / name).read_text(encoding="utf-8").splitlines()
        marks = [
            line.strip() for line in lines if line.strip() in {BLOCK_START, BLOCK_END}
        ]
        assert marks == [BLOCK_START, BLOCK_END], name
    text = (point.path / point.settings_file).read_text(encoding="utf-8")
    assert text.endswith(f"\n{BLOCK_END}\n")
    assert text.startswith(BLOCK_START) is not point.new


@each_point
def test_the_lists_are_indented_as_they_were_answered(point: Point) -> None:
    locations = {
        ".pre-commit-config.yaml": ("repos", "hooks_indent"),
        ".github/dependabot.yml": ("updates", "updates_indent"),
    }
    for name in locations.keys() & set(point.shared()):
        key, answer = locations[name]
        lines = (point.path / name).read_text(encoding="utf-8").splitlines()
        inside = lines[lines.index(f"{key}:") + 1 :]
        margin = " " * cast("int", point.answers[answer])
        assert inside[0] == margin + BLOCK_START
        assert all(line.startswith(margin) for line in inside)
        dashes = [line for line in inside if line.startswith(f"{margin}- ")]
        document = parse_yaml("\n".join(lines))
        assert len(dashes) == len(document[key]) > 0


# The outermost lines of a block are the context that merges find it by.
FIRST = {
    "pyproject.toml": [
        "# This block belongs to ci-framework: its updates replace it. Change it by an"
        " answer:",
        "#   copier update --vcs-ref=:current: -d coverage_threshold=95",
    ],
    ".pre-commit-config.yaml": [
        "# This block belongs to ci-framework: its updates replace it. Hooks of your"
        " own",
        "# stand outside of it. The versions of the tools are those of the quality"
        " gate.",
    ],
    ".gitignore": [
        "# This block belongs to ci-framework: its updates replace it.",
        ".ci-framework/",
    ],
    ".gitattributes": [
        "# This block belongs to ci-framework: its updates replace it. The engine is a"
        " program",
        "# of bash and Python, which wants the same line ends everywhere.",
    ],
    ".github/dependabot.yml": [
        "# This block belongs to ci-framework: its updates replace it. Entries of your"
        " own",
        "# stand outside of it.",
    ],
}
LAST = [
    "# What stands outside of this block is the project's own: updates of ci-framework",
    "# leave it as it is.",
    BLOCK_END,
]


@each_point
def test_the_outermost_lines_of_a_block_are_those_of_every_release(
    point: Point,
) -> None:
    """Never change one: clean merges in all adopted projects depend on them."""
    for name in point.shared():
        text = (point.path / name).read_text(encoding="utf-8")
        lines = [line.strip() for line in text.splitlines()]
        start = lines.index(BLOCK_START)
        first = FIRST[name.replace("ci-framework.toml", "pyproject.toml")]
        assert lines[start + 1 : start + 3] == first, name
        assert lines[-3:] == LAST, name


@each_point
def test_the_block_can_follow_any_other_table(point: Point) -> None:
    text = (point.path / point.settings_file).read_text(encoding="utf-8")
    block = text[text.index(BLOCK_START) :]
    keys = [line for line in block.splitlines() if line and not line.startswith("#")]
    assert keys[0] == "[tool.ci-framework]"
    headers = [line for line in keys if line.startswith("[")]
    for header in headers:
        assert re.match(
            r"\[tool\.(ci-framework[\].]|pixi\.(feature|environments|tasks)\.)", header
        ), header
    assert len(headers) == len(set(headers))


@cache
def validator() -> Validator:
    return Validator()


@pytest.mark.heavy
@each_point
def test_the_pyproject_conforms_to_the_schemas_of_its_tools(point: Point) -> None:
    document = point.pyproject()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NO_NETWORK", "1")
        validator()(document)


@each_point
def test_the_packages_of_a_monorepo_are_a_chain(point: Point) -> None:
    """Each needs the one before it, and can be imported by its name."""
    monorepo = point.new and point.answers["project_type"] == "monorepo"
    assert bool(point.packages) is monorepo
    before: list[str] = []
    for package in point.packages:
        folder = point.path / package["path"]
        document = read_toml(folder / "pyproject.toml")
        validator()(document)
        assert document["project"]["name"] == package["name"]
        needs = [Requirement(text) for text in document["project"]["dependencies"]]
        assert [needed.name for needed in needs] == before
        before = [package["name"]]
        assert (folder / "src" / package["name"].replace("-", "_")).is_dir()


@each_point
def test_the_settings_are_those_the_engine_knows(point: Point) -> None:
    settings = point.tool("ci-framework")
    assert settings_mistakes(settings) == []
    assert settings["version"] == ci_engine.__version__
    assert settings["source-paths"] == point.answers["source_paths"]
    assert settings["quality"] == {
        "tier": point.answers["quality_tier"],
        "coverage-threshold": point.answers["coverage_threshold"],
        "type-checker": point.answers["type_checker"],
    }
    assert settings["security"] == {
        "level": point.answers["security_level"],
        "scan-containers": point.answers["containers"] == "yes",
        "generate-sbom": point.answers["sbom"] == "yes",
        "cleanup": point.answers["cleanup"],
    }


@each_point
def test_the_environments_that_the_settings_name_exist(point: Point) -> None:
    table = point.tool("ci-framework")
    named = cast("dict[str, str] | None", table.get("environments"))
    if not point.new and not point.pixi:
        assert named is None
        return
    assert named is not None
    tiered = point.answers["config_profile"] == "tiered"
    tiers = ["essential", *(["extended", "full"] if tiered else [])]
    assert [name for name in named if name not in ("test", "docs")] == tiers
    if not point.pixi:
        groups = point.pyproject()["dependency-groups"]
        assert list(named.values()) == [name for name in groups if name != "dev"]
        return
    environments = point.tool("pixi")["environments"]
    assert all(named[tier] in environments for tier in tiers)
    assert len({named[tier] for tier in tiers}) == len(tiers)
    for version in point.answers["python_versions"]:
        assert named["test"].format(python=version.replace(".", "")) in environments
