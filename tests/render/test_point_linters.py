"""All renders in one run of each linter."""

from __future__ import annotations

import re
from configparser import ConfigParser
from pathlib import Path

import pytest
import yaml

from tests.support.programs import run, tool
from tests.support.rendered import Point
from tests.support.renders import files

# --- all renders in one run of a tool ----------------------------------------------

# Line ends and indents are answers, since existing files have them already.
YAML_RULES = (
    "{extends: relaxed, rules: {line-length: disable, new-lines: disable,"
    " indentation: disable}}"
)


@pytest.mark.heavy
@pytest.mark.parametrize(
    ("pattern", "command"),
    [
        ("**/*.y*ml", ["yamllint", "--strict", "--config-data", YAML_RULES]),
        (".pre-commit-config.yaml", ["pre-commit", "validate-config"]),
        # Its parser is another one; projects may use it instead.
        (".pre-commit-config.yaml", ["prek", "validate-config"]),
        (
            ".github/dependabot.yml",
            ["check-jsonschema", "--builtin-schema", "vendor.dependabot"],
        ),
        (
            ".github/workflows/*.yml",
            ["check-jsonschema", "--builtin-schema", "vendor.github-workflows"],
        ),
        (
            ".github/actions/*/action.yml",
            ["check-jsonschema", "--builtin-schema", "vendor.github-actions"],
        ),
    ],
)
def test_files_for_other_programs_conform_to_their_schemas(
    all_points: list[Point], pattern: str, command: list[str], tmp_path: Path
) -> None:
    unlike: dict[bytes, Path] = {}
    for point in all_points:
        for path in point.path.glob(pattern):
            unlike.setdefault(path.read_bytes(), path)
    assert unlike
    run(tool(command[0]), *command[1:], *unlike.values(), cwd=tmp_path)


def test_formatters_of_yaml_leave_the_recorded_answers_as_they_are(
    all_points: list[Point],
) -> None:
    """They want indented lists, and double quotes unless a value contains one."""
    for point in all_points:
        text = (point.path / ".copier-answers.yml").read_text(encoding="utf-8")
        assert not re.search("^-", text, re.MULTILINE)
        for event in yaml.parse(text):
            if isinstance(event, yaml.ScalarEvent) and event.style == "'":
                assert {*event.value} & {'"', "\\"}, event.value


def test_tools_with_a_parser_of_ini_files_can_read_our_tables(
    all_points: list[Point],
) -> None:
    """Radon and xenon end with an error if a value contains a percent sign."""
    for point in all_points:
        ConfigParser().read_dict({"own": point.pyproject().get("tool", {})})


def test_rendered_files_have_the_line_lengths_and_indents_of_the_editorconfig(
    all_points: list[Point],
) -> None:
    point = next(point for point in all_points if point.new)
    rules = editorconfig(point.path / ".editorconfig")
    for path in files(point.path):
        name = path.relative_to(point.path).as_posix()
        wanted: dict[str, str] = {}
        for pattern, section in rules.items():
            wanted |= section if pattern.fullmatch(name) else {}
        if path.suffix == ".lock":
            continue
        for number, row in enumerate(path.read_text("utf-8").splitlines(), 1):
            longest = wanted["max_line_length"]
            assert longest == "off" or len(row) <= int(longest), f"{name}:{number}"
            indent = len(row) - len(row.lstrip(" "))
            shell = path.suffix == ".sh" or name == "ci-framework/ci"
            assert not shell or indent % int(wanted["indent_size"]) == 0, name


def editorconfig(path: Path) -> dict[re.Pattern[str], dict[str, str]]:
    parser = ConfigParser()
    parser.read_string(f"[DEFAULT]\n{path.read_text(encoding='utf-8')}")
    found: dict[re.Pattern[str], dict[str, str]] = {}
    for name in parser.sections():
        pattern = re.sub(
            r"\{(.*?)\}", lambda match: f"({match[1].replace(',', '|')})", name
        )
        pattern = re.sub(r"\*+", ".*", pattern.replace(".", r"\."))
        found[re.compile(pattern)] = dict(parser[name])
    return found


def test_no_render_ignores_a_file_of_its_own(
    all_points: list[Point], tmp_path: Path
) -> None:
    run("git", "init", "--quiet", "--bare", tmp_path / "git", cwd=tmp_path)
    for point in all_points:
        ignored = run(
            *("git", "--git-dir", tmp_path / "git", "--work-tree", "."),
            *("-c", "core.excludesFile=", "ls-files", "--others", "--ignored"),
            "--exclude-standard",
            cwd=point.path,
        )
        assert ignored == "", point.path


def test_rendered_python_is_clean_by_the_projects_own_rules(
    all_points: list[Point],
) -> None:
    directories = [point.path for point in all_points if point.new]
    run(tool("ruff"), "check", "--no-cache", *directories, cwd=directories[0])
    run(
        tool("ruff"),
        "format",
        "--check",
        "--no-cache",
        *directories,
        cwd=directories[0],
    )
