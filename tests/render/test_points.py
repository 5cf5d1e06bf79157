"""Each combination of answers renders to correct files."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import chain
from pathlib import Path
from typing import cast

import pytest
import yaml
from packaging.requirements import Requirement
from validate_pyproject.api import Validator

import ci_engine
from ci_engine.configuration.project_settings import settings_mistakes
from tests.render.covering import pairs_of
from tests.render.pixi_rules import pixi_mistakes
from tests.render.points import FACTORS, POINTS
from tests.render.programs import run, tool
from tests.render.renders import (
    BLOCK_END,
    BLOCK_START,
    ROOT,
    Document,
    files,
    questions,
    read_answers,
    read_toml,
    render_once,
)

RELEASES = ["release-please-config.json", ".release-please-manifest.json"]
SEEDS = ["src", "tests", "README.md", "LICENSE", "SECURITY.md", ".editorconfig"]


@dataclass(frozen=True)
class Point:
    """One combination of answers and its render."""

    answers: Document
    path: Path

    @property
    def settings_file(self) -> str:
        name = cast("str", self.answers["settings_file"])
        return "pyproject.toml" if self.new else name

    def shared(self) -> list[str]:
        """The files with a block."""
        names = [self.settings_file, ".gitignore", ".gitattributes"]
        if self.new or self.answers["hooks"]:
            names.append(".pre-commit-config.yaml")
        remote = self.answers["ci_mode"] != "local"
        dependabot = self.answers["update_bot"] == "dependabot"
        if remote and dependabot and self.answers["update_ecosystems"]:
            names.append(".github/dependabot.yml")
        unmanaged = cast("list[str]", self.answers["unmanaged"])
        return [name for name in names if name not in unmanaged]

    def pyproject(self) -> Document:
        return read_toml(self.path / self.settings_file)

    def tool(self, name: str) -> Document:
        return cast("Document", self.pyproject()["tool"].get(name, {}))

    @property
    def new(self) -> bool:
        return self.answers["project_state"] == "new"

    @property
    def packages(self) -> list[dict[str, str]]:
        """The packages of a new monorepo."""
        return cast("list[dict[str, str]]", self.answers["packages"])

    def metadata(self) -> Document:
        """What the project says of itself; of a monorepo, what its packages say."""
        paths = [package["path"] for package in self.packages] or ["."]
        found = [read_toml(self.path / p / "pyproject.toml") for p in paths]
        for document in found:
            for name in ("name", "dependencies", "scripts"):
                document["project"].pop(name, None)
            assert document["project"] == found[0]["project"]
        return cast("Document", found[0]["project"])

    @property
    def pixi(self) -> bool:
        """Whether the render has pixi environments and tasks."""
        return self.answers["package_manager"] == "pixi" and (
            self.new
            or (
                self.answers["pixi_tiers"] == "framework"
                and self.settings_file == "pyproject.toml"
            )
        )


def rendered(template: Path, shared: Path, number: int) -> Point:
    path = render_once(template, shared / f"point-{number:02}", POINTS[number])
    return Point(read_answers(path), path)


@pytest.fixture(scope="module", params=range(len(POINTS)))
def point(
    request: pytest.FixtureRequest, template: Path, shared_directory: Path
) -> Point:
    return rendered(template, shared_directory, cast("int", request.param))


@pytest.fixture(scope="module")
def all_points(template: Path, shared_directory: Path) -> list[Point]:
    return [
        rendered(template, shared_directory, number) for number in range(len(POINTS))
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
        order = cast("list[str]", question["choices"])
        given[name] = sorted(cast("list[str]", given[name]), key=order.index)
    derived = {name: recorded[name] for name in ("package_name", "packages")}
    assert recorded == {**given, **derived}


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
        document = yaml.safe_load("\n".join(lines))
        assert len(dashes) == len(document[key]) > 0


def test_names_that_are_taken_get_a_prefix(point: Point) -> None:
    prefix = cast("str", point.answers["github_prefix"])
    github = point.path / ".github"
    names = {path.name for path in (github / "workflows").glob("*")}
    names |= {path.name for path in (github / "actions").glob("*")}
    assert all(name.startswith(prefix) for name in names)
    for path in (github / "workflows").glob("*"):
        text = path.read_text(encoding="utf-8")
        used = re.findall(r"\.github/actions/([\w-]+)", text)
        # A release runs nothing of the repository.
        assert used or path.name == f"{prefix}release-please.yml"
        assert set(used) <= names
        titled = re.search(r"^name: .* \(framework\)$", text, re.MULTILINE)
        assert (titled is not None) is bool(prefix)


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


def test_the_outermost_lines_of_a_block_are_those_of_every_release(
    point: Point,
) -> None:
    """Never change one: clean merges of all adopted projects depend on them."""
    for name in point.shared():
        text = (point.path / name).read_text(encoding="utf-8")
        lines = [line.strip() for line in text.splitlines()]
        start = lines.index(BLOCK_START)
        first = FIRST[name.replace("ci-framework.toml", "pyproject.toml")]
        assert lines[start + 1 : start + 3] == first, name
        assert lines[-3:] == LAST, name


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


def test_the_pyproject_conforms_to_the_schemas_of_its_tools(
    point: Point, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_NETWORK", "1")
    document = point.pyproject()
    validator()(document)


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


def test_the_environments_that_the_settings_name_exist(point: Point) -> None:
    table = point.tool("ci-framework")
    named = cast("dict[str, str] | None", table.get("environments"))
    if not point.new and not point.pixi:
        assert named is None
        return
    assert named is not None
    tiered = point.answers["config_profile"] == "tiered"
    tiers = ["essential", *(["extended", "full"] if tiered else [])]
    assert [name for name in named if name != "test"] == tiers
    if not point.pixi:
        groups = point.pyproject()["dependency-groups"]
        assert list(named.values()) == [name for name in groups if name != "dev"]
        return
    environments = point.tool("pixi")["environments"]
    assert all(named[tier] in environments for tier in tiers)
    assert len({named[tier] for tier in tiers}) == len(tiers)
    for version in point.answers["python_versions"]:
        assert named["test"].format(python=version.replace(".", "")) in environments


def test_yaml_files_can_be_read(point: Point) -> None:
    for path in files(point.path):
        if path.suffix in {".yml", ".yaml"}:
            assert yaml.safe_load(path.read_text(encoding="utf-8")) is not None


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


def test_nothing_of_the_template_language_is_left(point: Point) -> None:
    for path in files(point.path):
        if "ci_engine" in path.parts:
            continue
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"\{%|%\}|\{#|(?<!\$)\{\{", text), path


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


def test_python_has_at_most_88_columns(point: Point) -> None:
    for path in files(point.path):
        if path.suffix != ".py" or "ci_engine" in path.parts:
            continue
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            assert len(line) <= 88, f"{path}:{number}"


def test_the_engine_has_at_most_88_columns() -> None:
    long = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in files(ROOT / "template" / "ci-framework" / "ci_engine")
        if path.suffix == ".py"
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if len(line) > 88
    ]
    assert long == []


def test_only_a_new_project_gets_files_of_its_own(point: Point) -> None:
    unmanaged = point.answers["unmanaged"]
    licensed = point.answers["license"] != "none" and "LICENSE" not in unmanaged
    packages = {package["path"] for package in point.packages}
    for name in {*SEEDS, *RELEASES, *packages}:
        expected = point.new and (name != "LICENSE" or licensed)
        if name in ("src", "tests"):
            expected = point.new and not packages
        elif name in RELEASES:
            asked = point.answers["releases"] == "release-please"
            expected = bool(packages) and asked
        assert (point.path / name).exists() is expected, name
    assert not [path for path in unmanaged if (point.path / path).exists()]
    assert (point.path / "ci-framework" / "ci_engine" / "__init__.py").is_file()
    assert (point.path / ".github").exists() is (point.answers["ci_mode"] != "local")


def test_the_python_versions_agree(point: Point) -> None:
    versions = cast("list[str]", point.answers["python_versions"])
    assert point.tool("ci-framework")["matrix"]["python-versions"] == versions
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
    checker = point.tool("pyright").get("pythonVersion") or point.tool("mypy").get(
        "python_version"
    )
    assert checker == versions[0]
    if point.pixi:
        python = point.tool("pixi")["dependencies"]["python"]
        assert python == f">={versions[0]},<3.{numbers[-1] + 1}"


def test_a_licence_is_stated_once_or_publishing_is_prevented(point: Point) -> None:
    if not point.new:
        return
    project = point.metadata()
    private = "Private :: Do Not Upload" in project["classifiers"]
    assert private is (point.answers["license"] == "none")
    assert project.get("license", "none") == point.answers["license"]
    assert ("license-files" in project) is not private


def test_the_metadata_is_what_was_answered(point: Point) -> None:
    if not point.new:
        return
    scripts = "scripts" in point.pyproject().get("project", {})
    assert scripts is (point.answers["project_type"] == "application")
    project = point.metadata()
    if not point.packages:
        assert project.get("description", "") == point.answers["description"]
    people = project.get("authors", [{}])
    assert people[0].get("name", "") == point.answers["author_name"]
    assert people[0].get("email", "") == point.answers["author_email"]
    urls = project.get("urls", {})
    assert urls.get("Repository", "") == point.answers["repository"]


# --- pixi and the dependency groups ------------------------------------------------


def groups(document: Document) -> dict[str, set[str]]:
    """Name the tools in each dependency group, with those of included groups."""
    raw = cast("dict[str, list[object]]", document.get("dependency-groups", {}))

    def tools(name: str) -> set[str]:
        found: set[str] = set()
        for item in raw[name]:
            if isinstance(item, Mapping):
                found |= tools(cast("Mapping[str, str]", item)["include-group"])
            else:
                found.add(Requirement(str(item)).name)
        return found

    return {name: tools(name) for name in raw}


def tools_of_environments(point: Point) -> dict[str, set[str]]:
    """Name the tools in each pixi environment."""
    pixi = point.tool("pixi")
    features = groups(point.pyproject())
    for name, feature in pixi.get("feature", {}).items():
        listed = set(feature.get("pypi-dependencies", {}))
        features[name] = features.get(name, set()) | listed
    return {
        name: set(chain.from_iterable(features[f] for f in environment["features"]))
        for name, environment in pixi["environments"].items()
    }


TIERS = {
    "quality": {"pytest", "pytest-cov", "pytest-timeout", "ruff"},
    "quality-extended": {"bandit", "pip-audit", "pre-commit"},
    "quality-full": {"build", "twine"},
}


def test_each_tier_has_its_tools_and_those_of_the_tiers_below(point: Point) -> None:
    if point.pixi:
        having = tools_of_environments(point)
        prefix = cast("str", point.answers["pixi_prefix"])
    elif point.new:
        having, prefix = groups(point.pyproject()), ""
    else:
        return
    expected = {cast("str", point.answers["type_checker"])}
    if point.answers["config_profile"] == "comprehensive":
        everything = expected.union(*TIERS.values())
        assert having[f"{prefix}quality"] == everything
        assert f"{prefix}quality-extended" not in having
    else:
        for tier, tools in TIERS.items():
            expected = expected | tools
            assert having[f"{prefix}{tier}"] == expected
    if point.new:
        assert having["dev"] == expected.union(*TIERS.values())


def test_each_python_has_a_pixi_environment_with_the_tools(point: Point) -> None:
    if not point.pixi:
        return
    prefix = cast("str", point.answers["pixi_prefix"])
    having = tools_of_environments(point)
    for version in point.answers["python_versions"]:
        name = f"{prefix}py{version.replace('.', '')}"
        assert having[name] == having[f"{prefix}quality"]
        dependencies = point.tool("pixi")["feature"][name]["dependencies"]
        assert dependencies == {"python": f"{version}.*"}


def test_each_pixi_task_finds_its_tool_and_the_tasks_it_needs(point: Point) -> None:
    if not point.pixi:
        assert "pixi" not in point.pyproject()["tool"]
        return
    prefix = cast("str", point.answers["pixi_prefix"])
    having = tools_of_environments(point)
    tasks = cast("dict[str, Document]", point.tool("pixi")["tasks"])
    vocabulary = (
        "test test-cov lint lint-fix format format-check typecheck quality"
        " security-scan pre-commit check-all build clean"
    )
    for_ci = "job-" if prefix == "ci-" else "ci-"
    parts = [
        f"{for_ci}{part}"
        for part in ["lint", "format", "typecheck", "test", "security"]
    ]
    every = [*vocabulary.split(), *parts, f"{for_ci}check"]
    names = {f"{prefix}{name}" for name in every}
    # Where the packages of a monorepo are is found when it is checked.
    monorepo = point.answers["project_type"] == "monorepo"
    unknown = {f"{prefix}build"} if monorepo and not point.packages else set[str]()
    assert tasks.keys() == names - unknown
    if monorepo and point.packages:
        build = cast("str", tasks[f"{prefix}build"]["cmd"])
        locations = [shlex.split(part)[-1] for part in build.split(" && ")]
        assert locations == [package["path"] for package in point.packages]
    for name, task in tasks.items():
        for needed in task.get("depends-on", []):
            assert needed["task"] in tasks, name
            home = tasks[needed["task"]].get("default-environment", f"{prefix}quality")
            assert needed["environment"] == home
        if "cmd" in task:
            home = task["default-environment"]
            assert home in having, name
            command, *rest = cast("str", task["cmd"]).split()
            tool = rest[1] if command == "python" else command
            assert tool in having[home] | {"git"}, name
            if "--cov" in rest:
                assert "pytest-cov" in having[home]
                share = point.answers["coverage_threshold"]
                assert f"--cov-fail-under={share}" in rest


def test_the_parser_of_pixi_accepts_every_table(point: Point) -> None:
    if not point.pixi:
        return
    document = point.pyproject()
    if not point.new:  # the block alone: what stands above it is the project's own
        document["project"] = {"name": "demo"}
        document["tool"]["pixi"]["workspace"] = {"channels": ["conda-forge"]}
    assert pixi_mistakes(document) == []


def test_a_new_project_runs_on_the_platforms_it_is_tested_on(point: Point) -> None:
    platforms = cast("list[str]", point.answers["platforms"])
    assert point.tool("ci-framework")["matrix"]["platforms"] == platforms
    assert platforms == [p for p in ("linux", "macos", "windows") if p in platforms]
    if point.new and point.pixi:
        machines = point.tool("pixi")["workspace"]["platforms"]
        systems = {"linux": "linux", "osx": "macos", "win": "windows"}
        named = [systems[machine.split("-")[0]] for machine in machines]
        assert list(dict.fromkeys(named)) == platforms


def test_the_manager_is_recognisable(point: Point) -> None:
    tables = {"pixi", "uv", "poetry"} & point.pyproject()["tool"].keys()
    manager = cast("str", point.answers["package_manager"])
    if point.new:
        assert tables == ({manager} - {"pip"})
    else:
        assert tables == ({"pixi"} if point.pixi else set())


# --- all renders in one run of a tool ----------------------------------------------

# Line ends and indents are answers, since existing files have them already.
YAML_RULES = (
    "{extends: relaxed, rules: {line-length: disable, new-lines: disable,"
    " indentation: disable}}"
)


@pytest.mark.parametrize(
    ("pattern", "command"),
    [
        ("**/*.y*ml", ["yamllint", "--strict", "--config-data", YAML_RULES]),
        (".pre-commit-config.yaml", ["pre-commit", "validate-config"]),
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
