"""The project's files on its packages: written, brought up to date, never spoilt."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from ci_engine.errors import ConfigurationError
from ci_engine.monorepo.configure import Written, configure
from ci_engine.monorepo.edits import Entry, Section, detected_keys, rewrite
from ci_engine.monorepo.graph import packages_graph
from ci_engine.monorepo.release import CONFIG, MANIFEST
from ci_engine.monorepo.view import how_checked
from tests.engine.monorepos import edges, graph_of, package, project_of, write
from tests.engine.projects import ENGINE

FOLDER = "ci-framework/project"
NAMES = ("package-detection.yaml", "selective-ci.yaml", "cross-package.yaml")
DETECTION, SELECTIVE, CROSS = (f"{FOLDER}/{name}" for name in NAMES)
FILES = {**package("libs/core"), **package("libs/cli", "core", code="import core\n")}


def run(root: Path, *, releases: bool = False, dry_run: bool = False) -> list[Written]:
    project = project_of(root)
    graph = packages_graph(project)
    return configure(project, graph, releases=releases, dry_run=dry_run)


def changed(written: list[Written]) -> list[str]:
    return [file.path for file in written if file.changed]


def edit(root: Path, name: str, old: str, new: str) -> str:
    text = (root / name).read_bytes().decode()
    assert old in text
    (root / name).write_bytes(text.replace(old, new).encode())
    return text.replace(old, new)


def test_the_files_say_what_was_found(tmp_path: Path) -> None:
    write(tmp_path, {**FILES, **package("examples/demo")})
    assert changed(run(tmp_path)) == [DETECTION, SELECTIVE, CROSS]
    told = yaml.safe_load((tmp_path / DETECTION).read_text())
    assert told["packages"]["cli"] == {
        "path": "libs/cli",
        "import-names": ["cli"],
        "source-paths": ["src"],
        "test-paths": [],
    }
    assert "an example" in told["ignored"]["examples/demo"]["because"]
    needs = yaml.safe_load((tmp_path / CROSS).read_text())["packages"]
    assert list(needs["cli"]["depends-on"]) == ["core"]
    assert needs["core"] == {"depends-on": {}}


def test_the_files_fit_the_schemas_they_name(tmp_path: Path) -> None:
    write(tmp_path, FILES)
    run(tmp_path)
    for name in NAMES:
        text = (tmp_path / FOLDER / name).read_text()
        schema = text.splitlines()[0].partition("$schema=../")[2]
        fits = json.loads((ENGINE / schema).read_text())
        validator = cast("Any", Draft202012Validator(fits))
        validator.validate(yaml.safe_load(text))


def test_a_second_run_changes_nothing(tmp_path: Path) -> None:
    write(tmp_path, FILES)
    run(tmp_path)
    before = {name: (tmp_path / FOLDER / name).stat().st_mtime_ns for name in NAMES}
    assert changed(run(tmp_path)) == []
    after = {name: (tmp_path / FOLDER / name).stat().st_mtime_ns for name in NAMES}
    assert before == after


def test_a_dry_run_writes_nothing(tmp_path: Path) -> None:
    write(tmp_path, FILES)
    assert changed(run(tmp_path, dry_run=True)) == [DETECTION, SELECTIVE, CROSS]
    assert not (tmp_path / FOLDER).exists()


def test_an_entry_that_a_person_changed_stays_to_the_byte(tmp_path: Path) -> None:
    write(tmp_path, FILES)
    run(tmp_path)
    text = edit(
        tmp_path,
        SELECTIVE,
        "  core:  # detected",
        "  # The heart of it.\n  core:  # was detected",
    )
    text = edit(tmp_path, SELECTIVE, "    tier: inherit", "    tier:   full # !")
    write(tmp_path, package("libs/more"))
    (found,) = [file for file in run(tmp_path) if file.path == SELECTIVE]
    assert found.changed
    assert set(found.kept) == {"packages.cli", "packages.core"}
    now = (tmp_path / SELECTIVE).read_text()
    assert [line for line in text.splitlines() if line not in now.splitlines()] == []
    assert how_checked(project_of(tmp_path))["core"].tier == "full"
    assert "more" in how_checked(project_of(tmp_path))


def test_a_comment_above_an_entry_stays_when_the_entry_is_written_anew(
    tmp_path: Path,
) -> None:
    write(tmp_path, FILES)
    run(tmp_path)
    edit(tmp_path, DETECTION, "  cli:", "  # Ours.\n  cli:")
    write(tmp_path, {"libs/cli/tests/test_cli.py": ""})
    run(tmp_path)
    text = (tmp_path / DETECTION).read_text()
    assert "  # Ours.\n  cli:  # detected" in text
    assert yaml.safe_load(text)["packages"]["cli"]["test-paths"] == ["tests"]


def test_an_entry_goes_with_its_package_unless_it_is_a_persons(tmp_path: Path) -> None:
    write(tmp_path, {**FILES, **package("libs/old"), **package("libs/older")})
    run(tmp_path)
    edit(tmp_path, SELECTIVE, "  old:  # detected", "  old: # mine, was detected")
    for name in ("old", "older"):
        (tmp_path / f"libs/{name}/pyproject.toml").unlink()
    run(tmp_path)
    names = yaml.safe_load((tmp_path / SELECTIVE).read_text())["packages"]
    assert set(names) == {"cli", "core", "old"}


def test_what_was_found_once_does_not_hide_what_is_there_now(tmp_path: Path) -> None:
    write(tmp_path, FILES)
    run(tmp_path)
    write(tmp_path, {"libs/cli/src/extra/__init__.py": ""})
    assert graph_of(tmp_path).by_name["cli"].import_names == ["cli", "extra"]
    (tmp_path / "libs/cli/src/cli/__init__.py").write_text("")
    write(tmp_path, package("libs/cli"))
    assert edges(graph_of(tmp_path))["cli"] == {}


def test_a_person_can_add_correct_and_leave_out_packages(tmp_path: Path) -> None:
    told = """\
        exclude: [libs/cli]
        include: ["examples/shop"]
        packages:
          raw:
            path: scripts/raw
            source-paths: ["."]
            import-names: [rawer]
          core: {path: libs/core, test-paths: [checks]}
        """
    files = {
        **FILES,
        **package("examples/shop"),
        "scripts/raw/rawer.py": "import core\n",
        DETECTION: told,
    }
    graph = graph_of(tmp_path, files)
    assert graph.names == ["core", "raw", "shop"]
    assert graph.by_name["core"].test_paths == ["checks"]
    assert graph.by_name["raw"].import_names == ["rawer"]
    assert edges(graph)["raw"] == {"core": "import"}


def test_a_person_can_add_dependencies_and_deny_them(tmp_path: Path) -> None:
    told = """\
        packages:
          core:
            depends-on: {plugin: loaded by its name}
          cli:
            independent-of: [core]
        """
    files = {**FILES, **package("libs/plugin"), CROSS: told}
    graph = graph_of(tmp_path, files)
    assert edges(graph) == {"cli": {}, "core": {"plugin": "added"}, "plugin": {}}
    assert graph.by_name["core"].depends_on[0].because == "loaded by its name"


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        (SELECTIVE, "packages: {core: {tier: fast}}", "core.tier"),
        (SELECTIVE, "packages: {core: {teir: full}}", "did you mean 'tier'"),
        (DETECTION, "packages: {core: {}}", "no such key"),
        (CROSS, "packages: [core]", "a table"),
        (CROSS, "packages: {", "not valid YAML"),
    ],
)
def test_a_mistake_is_named_and_nothing_is_written(
    tmp_path: Path, name: str, text: str, said: str
) -> None:
    write(tmp_path, {**FILES, name: text})
    with pytest.raises(ConfigurationError, match=said):
        run(tmp_path)
    assert [p.name for p in (tmp_path / FOLDER).iterdir()] == [Path(name).name]
    assert (tmp_path / name).read_text() == text


def test_a_file_that_entries_cannot_be_added_to_is_refused(tmp_path: Path) -> None:
    text = "packages: {core: {tier: full}}\n"
    write(tmp_path, {**FILES, SELECTIVE: text})
    with pytest.raises(ConfigurationError, match="cannot be brought up to date"):
        run(tmp_path)
    assert (tmp_path / SELECTIVE).read_text() == text


def test_windows_line_ends_stay(tmp_path: Path) -> None:
    write(tmp_path, {**FILES, SELECTIVE: b"# mine\r\npackages: {}\r\n"})
    run(tmp_path)
    data = (tmp_path / SELECTIVE).read_bytes()
    assert data.startswith(b"# mine\r\npackages:\r\n  cli:  # detected ")
    assert data.count(b"\n") == data.count(b"\r\n")
    assert changed(run(tmp_path)) == []


KEYS = st.text("ab-/\"' :#é", min_size=1, max_size=6).filter(
    lambda text: text == text.strip()
)
LINES = st.sampled_from(["tier: full", "x: [1]", "because: 'a # b'"])
ENTRIES = st.dictionaries(KEYS, st.lists(LINES, max_size=2, unique=True), max_size=4)


@given(ENTRIES, ENTRIES, st.sets(KEYS, max_size=3))
def test_whatever_is_found_the_file_says_it_and_keeps_what_is_mine(
    first: dict[str, list[str]], second: dict[str, list[str]], mine: set[str]
) -> None:
    def sections(found: dict[str, list[str]]) -> list[Section]:
        return [Section("packages", [Entry(k, v) for k, v in sorted(found.items())])]

    text, _ = rewrite("", sections(first), "# Intro.\n")
    own = {key: f"  {json.dumps(key)}: {{mine: yes}}" for key in mine - set(first)}
    edited = text.replace("packages: {}", "packages:") if own else text
    edited = "".join(f"{line}\n" for line in [*edited.splitlines(), *own.values()])
    again, _ = rewrite(edited, sections(second), "# Intro.\n")
    told = yaml.safe_load(again)
    assert set(told["packages"]) == set(second) | set(own)
    assert all(line in again.splitlines() for line in own.values())
    assert detected_keys(again, "packages") == set(second) - set(own)
    assert rewrite(again, sections(second), "")[0] == again


def test_release_please_is_configured_for_what_depends_on_each_other(
    tmp_path: Path,
) -> None:
    files = {**FILES, **package("libs/lonely"), "uv.lock": ""}
    write(tmp_path, files)
    assert [file.path for file in run(tmp_path)] == [DETECTION, SELECTIVE, CROSS]
    run(tmp_path, releases=True)
    config = json.loads((tmp_path / CONFIG).read_text())
    assert list(config["packages"]) == ["libs/core", "libs/cli", "libs/lonely"]
    assert [plugin["components"] for plugin in config["plugins"]] == [["core", "cli"]]
    assert {"type": "generic", "path": "pyproject.toml"} in config["packages"][
        "libs/cli"
    ]["extra-files"]
    manifest = json.loads((tmp_path / MANIFEST).read_text())
    assert manifest == {"libs/core": "1.0", "libs/cli": "1.0", "libs/lonely": "1.0"}


def test_the_configuration_of_releases_keeps_what_a_person_wrote(
    tmp_path: Path,
) -> None:
    write(tmp_path, FILES)
    run(tmp_path, releases=True)
    config = json.loads((tmp_path / CONFIG).read_text())
    config["draft"] = True
    config["plugins"].append("sentence-case")
    config["packages"]["libs/cli"]["release-type"] = "simple"
    (tmp_path / CONFIG).write_text(json.dumps(config, indent=4))
    manifest = {"libs/core": "7.0", "libs/cli": "7.0", "libs/gone": "1.0"}
    (tmp_path / MANIFEST).write_text(json.dumps(manifest))
    write(tmp_path, package("libs/web", "cli"))
    run(tmp_path)
    now = json.loads((tmp_path / CONFIG).read_text())
    assert now["draft"] is True
    assert now["plugins"][0] == "sentence-case"
    assert now["plugins"][1]["components"] == ["core", "cli", "web"]
    assert now["packages"]["libs/cli"]["release-type"] == "simple"
    assert json.loads((tmp_path / MANIFEST).read_text()) == {
        "libs/core": "7.0",
        "libs/cli": "7.0",
        "libs/web": "1.0",
    }
    before = (tmp_path / CONFIG).read_bytes()
    assert CONFIG not in changed(run(tmp_path))
    assert (tmp_path / CONFIG).read_bytes() == before
