"""Links, anchors, names and lengths of lines in the documentation."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest

from ci_engine.configuration.project_settings import project_table, settings_mistakes
from ci_engine.configuration.settings import BUILT_IN_CHECKS
from ci_engine.findings.results import CheckResult, Finding, RunResult
from tests.support.pages import PAGES, Page, read_page
from tests.support.parsing import parse_yaml, read_toml
from tests.support.renders import ROOT, Document, files, questions, render

_PAGES = [read_page(path) for path in PAGES]
_LONGEST = 90
_KINDS = (
    {"package_manager": "uv"},
    {
        "package_manager": "poetry",
        "project_type": "application",
        "load_testing": "yes",
    },
    {"package_manager": "pixi"},
    {"package_manager": "pip", "ci_mode": "local"},
    {"ci_mode": "hybrid", "update_bot": "renovate"},
    {"project_type": "monorepo"},
    {"project_type": "mcp-server"},
    {"docs": "mkdocs"},
    {"docs": "sphinx"},
    {"releases": "pypi", "framework_updates": "workflow"},
)
# Created by commands, package managers and users, so not part of a render.
_MADE = (
    re.compile(
        r"\.ci-framework(/(bench|changes|environments|envs|gate|docs|packages|release|scan|tools)(/.*)?)?"
    ),
    re.compile(r"\.venv(/bin/pre-commit)?"),
    # A package in an example.
    re.compile(r"packages/my-lib(/.*)?"),
    re.compile(r"(uv|pixi|poetry|pdm|Pipfile)\.lock|pylock\.(\*\.)?toml"),
    re.compile(r"conda-lock\.yml|environment\.yml|setup\.py|requirements"),
    re.compile(r"package-lock\.json|uv\.toml"),
    # Optional files of a project, and what `ci vendor` writes.
    re.compile(r"ci-framework/ci_engine"),
    re.compile(r"ci-framework\.toml|ci-framework/project(/.*)?|docs/merging\.txt"),
    re.compile(r"\.semgrep\.yml|\.semgrep|\.secrets\.baseline"),
    re.compile(
        r"results\.sarif|report\.html|notes\.md|\.github/workflows/actions\.lock|sbom\.cdx\.json"
    ),
    # Where a project may have its benchmarks and its load test.
    re.compile(r"(tests/)?benchmarks|tests/performance"),
    # The branch of the history of benchmarks.
    re.compile(r"ci-framework/benchmarks"),
    re.compile(r"tests/load/locustfile\.py|asv\.conf\.json"),
    # Rendered for the answers codeql and cleanup.
    # Where documentation may be, and what is on the branch with its pages.
    re.compile(
        r"(properdocs|mkdocs)\.yml|zensical\.toml|doc(/source)?|docs/source|slides"
    ),
    re.compile(r"conf\.py|versions\.json|gh-pages|latest|guide(/index\.html)?"),
    re.compile(r"codeql\.yml|cleanup-pull-request\.yml"),
)
_PATH = re.compile(r"\.?[A-Za-z_<][\w.<>*-]*(/[\w.<>*-]+)*/?")
_SUFFIXES = (".toml", ".yml", ".yaml", ".md", ".json", ".lock", ".py", ".sh", ".xml")
_KEY = re.compile(r"\[?tool\.ci-framework((?:\.[\w-]+)*)\]?")


@pytest.fixture(scope="module")
def rendered(template: Path, tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """Every file and directory that some kind of project gets."""
    names: set[str] = set()
    for number, answers in enumerate(_KINDS):
        tree = tmp_path_factory.mktemp("kinds") / str(number)
        render(template, tree, {"project_name": "myproj", **answers})
        for path in files(tree):
            relative = path.relative_to(tree)
            names |= {relative.as_posix(), *(p.as_posix() for p in relative.parents)}
    return names


def _ids(page: Page) -> str:
    return page.name


@pytest.mark.parametrize("page", _PAGES, ids=_ids)
def test_relative_links_and_anchors_resolve(page: Page) -> None:
    for link in page.links:
        if link.startswith("https://"):
            continue
        name, _, anchor = link.partition("#")
        target = (page.path.parent / name).resolve() if name else page.path
        assert target.is_file(), f"{page.name}: {link}"
        if anchor:
            assert anchor in read_page(target).anchors, f"{page.name}: {link}"


@pytest.mark.parametrize("page", _PAGES, ids=_ids)
def test_prose_lines_are_short(page: Page) -> None:
    long = [
        f"{page.name}:{number}"
        for number, line in page.prose
        if len(line) > _LONGEST and not line.startswith("|")
    ]

    assert not long


def test_spelling_is_american() -> None:
    # A choice of a question and an old key, both published.
    kept = "--ignore-words-list=customise,licences"
    pages = [*PAGES, ROOT / "CHANGELOG.md", ROOT / ".github"]
    codespell = [sys.executable, "-m", "codespell_lib", kept]
    dictionaries = "--builtin=clear,rare,en-GB_to_en-US"
    done = subprocess.run(
        [*codespell, dictionaries, *map(str, pages)],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("page", _PAGES, ids=_ids)
def test_page_has_one_title_and_no_heading_twice(page: Page) -> None:
    titles = [line for _, line in page.prose if line.startswith("# ")]

    assert len(titles) == 1
    assert len(page.headings) == len(set(page.headings))


def _paths(page: Page) -> Iterator[str]:
    """What is in backticks and looks like a path of a repository."""
    for code in page.code:
        word = code.split()[0]
        looks = "/" in word or word.startswith(".") or word.endswith(_SUFFIXES)
        if looks and _PATH.fullmatch(word) and not word.startswith("..."):
            yield word


@pytest.mark.parametrize("page", _PAGES, ids=_ids)
def test_paths_exist_in_a_project_or_here(page: Page, rendered: set[str]) -> None:
    basenames = {name.rpartition("/")[2] for name in rendered}
    for word in _paths(page):
        name = word.replace("<package_name>", "myproj").rstrip("/")
        name = name.removesuffix("/**").removeprefix("MementoRC/ci-framework/")
        known = name in rendered or name in basenames or (ROOT / name).exists()
        made = any(pattern.fullmatch(word.rstrip("/")) for pattern in _MADE)
        report = name in ("result.json", "junit.xml", "summary.md", "conftest.py")
        assert known or made or report, f"{page.name}: {word}"


@pytest.mark.parametrize("page", _PAGES, ids=_ids)
def test_answers_exist(page: Page) -> None:
    given = re.findall(r"-d '?(\w+)=", page.text)
    named = re.findall(r"(?:answers?|questions?) `(\w+)`", page.text)

    assert {*given, *named} - {"name"} <= set(questions())


@pytest.mark.parametrize("page", _PAGES, ids=_ids)
def test_settings_exist(page: Page) -> None:
    # The last one is a typo on purpose: a message about it is shown.
    known = {"", *_setting_names(), "profil"}
    for keys in _KEY.findall(page.text):
        assert keys.removeprefix(".") in known, f"{page.name}: tool.ci-framework{keys}"


def _setting_names() -> set[str]:
    """Every key and every table, as the schema for editors has them."""
    path = ROOT / "extensions/ci_engine/configs/schemas/settings.json"
    schema = cast("Document", json.loads(path.read_text(encoding="utf-8")))
    return set(_keys(schema, schema["$defs"], ""))


def _keys(schema: Document, definitions: Document, prefix: str) -> Iterator[str]:
    if "$ref" in schema:
        schema = definitions[schema["$ref"].rpartition("/")[2]]
    entries: Document = dict(schema.get("properties", {}))
    each = schema.get("additionalProperties")
    if isinstance(each, dict):
        # A table with an entry for each check.
        entries.update(dict.fromkeys(BUILT_IN_CHECKS, cast("Document", each)))
    for name, entry in entries.items():
        yield f"{prefix}{name}"
        yield from _keys(entry, definitions, f"{prefix}{name}.")


@pytest.mark.parametrize("page", _PAGES, ids=_ids)
def test_variables_exist(page: Page) -> None:
    keys = (re.sub(r"[.-]", "_", name).upper() for name in _setting_names())
    known = {f"CI_FRAMEWORK_{key}" for key in keys}
    known |= {"CI_FRAMEWORK_CACHE", "CI_FRAMEWORK_ENGINE", "CI_FRAMEWORK_"}
    known |= {"CI_FRAMEWORK_ENGINE_PYTHON"}
    # A typo is shown on purpose, and CHECK stands for the name of a check.
    shown = {"CI_FRAMEWORK_QUALITY_TEIR"}
    for variable in re.findall(r"CI_FRAMEWORK_\w*", page.text):
        name = re.sub(r"_(CHECKS|COMMANDS)_CHECK(?=_|$)", r"_\1_LINT", variable)
        assert name in known | shown, f"{page.name}: {variable}"


@pytest.mark.parametrize("page", _PAGES, ids=_ids)
def test_exit_codes_exist(page: Page) -> None:
    prose = "\n".join(line for _, line in page.prose)
    named = re.findall(r"exit codes? (\d(?:, \d)*(?: and \d)?)", prose)
    named += re.findall(r"(?m)^\| (\d+) \|", prose)
    for codes in named:
        assert set(re.findall(r"\d", codes)) <= set("0123"), f"{page.name}: {codes}"


def test_the_example_of_a_workflow_uses_actions_and_inputs_that_exist() -> None:
    page = next(page for page in _PAGES if page.name == "docs/use-parts.md")
    called, block = (block for block in page.blocks if block.language == "yaml")
    (call,) = parse_yaml("\n".join(called.lines))["jobs"].values()
    name = call["uses"].removeprefix("MementoRC/ci-framework/").split("@")[0]
    workflow = parse_yaml((ROOT / name).read_text("utf-8"))
    # YAML 1.1 reads on as true.
    (triggers,) = (v for k, v in workflow.items() if str(k) in ("on", "True"))
    inputs = set(triggers["workflow_call"]["inputs"])
    assert set(re.findall(r"(?m)^\| `([\w-]+)` \|", page.text)) >= inputs
    (job,) = parse_yaml("\n".join(block.lines))["jobs"].values()
    ours = [step for step in job["steps"] if step["uses"].startswith("MementoRC/")]
    assert ours
    for step in ours:
        path = step["uses"].removeprefix("MementoRC/ci-framework/").split("@")[0]
        action = parse_yaml((ROOT / path / "action.yml").read_text("utf-8"))
        assert set(step["with"]) <= set(action["inputs"])


def test_the_example_of_a_result_has_the_keys_of_a_result() -> None:
    page = next(page for page in _PAGES if page.name == "docs/local-ci-guide.md")
    block = next(block for block in page.blocks if block.language == "json")
    result = cast("Document", json.loads("\n".join(block.lines)))
    check = result["checks"][0]

    assert list(result) == list(RunResult.__struct_fields__)
    assert list(check) == list(CheckResult.__struct_fields__)
    assert list(check["findings"][0]) == list(Finding.__struct_fields__)


def test_examples_of_toml_are_allowed(tmp_path: Path) -> None:
    mistakes: list[str] = []
    for page in _PAGES:
        for block in page.blocks:
            if block.language != "toml":
                continue
            path = tmp_path / "pyproject.toml"
            path.write_text("\n".join(block.lines), encoding="utf-8")
            table = project_table(read_toml(path), path)
            mistakes += [str(mistake) for mistake in settings_mistakes(table)]

    assert not mistakes
