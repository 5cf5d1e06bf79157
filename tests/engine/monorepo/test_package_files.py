"""The generated files about packages, and the project's corrections."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any, cast

import pytest
from jsonschema import Draft202012Validator

from ci_engine.errors import ConfigurationError
from ci_engine.monorepo.detected_file import Written, write_detected
from ci_engine.monorepo.package_graph import packages_graph
from ci_engine.monorepo.package_overrides import read_overrides
from ci_engine.monorepo.release_please import CONFIG, MANIFEST
from ci_engine.validation.settings_check import check_packages
from tests.support.monorepos import edges, graph_of, package, project_of, write
from tests.support.parsing import parse_yaml
from tests.support.projects import ENGINE

SCHEMAS = ENGINE / "ci_engine/configs/schemas"
FOLDER = "ci-framework/project"
NAMES = ("package-detection.yaml", "selective-ci.yaml", "cross-package.yaml")
DETECTION, SELECTIVE, CROSS = (f"{FOLDER}/{name}" for name in NAMES)
DETECTED = f"{FOLDER}/detected-packages.yaml"
FILES = {**package("libs/core"), **package("libs/cli", "core", code="import core\n")}


def run(root: Path, *, releases: bool = False, dry_run: bool = False) -> list[Written]:
    project = project_of(root)
    graph = packages_graph(project)
    return write_detected(project, graph, releases=releases, dry_run=dry_run)


def changed(written: list[Written]) -> list[str]:
    return [file.path for file in written if file.changed]


def test_the_generated_file_lists_what_was_detected(tmp_path: Path) -> None:
    write(tmp_path, {**FILES, **package("examples/demo")})
    assert changed(run(tmp_path)) == [DETECTED]
    written = parse_yaml((tmp_path / DETECTED).read_text())
    assert written["packages"]["cli"] == {
        "path": "libs/cli",
        "import-names": ["cli"],
        "source-paths": ["src"],
        "test-paths": [],
        "depends-on": {"core": "runtime"},
    }
    assert "an example" in written["ignored"]["examples/demo"]


def test_a_second_run_changes_nothing(tmp_path: Path) -> None:
    write(tmp_path, FILES)
    run(tmp_path)
    before = (tmp_path / DETECTED).stat().st_mtime_ns
    assert changed(run(tmp_path)) == []
    assert (tmp_path / DETECTED).stat().st_mtime_ns == before


def test_a_dry_run_writes_nothing(tmp_path: Path) -> None:
    write(tmp_path, FILES)
    assert changed(run(tmp_path, dry_run=True)) == [DETECTED]
    assert not (tmp_path / FOLDER).exists()


@pytest.mark.parametrize(
    "text",
    [
        "packages: {core: {tier: full}} # mine\n",
        "# mine\r\npackages:\r\n  core:\r\n    tier: full\r\n",
    ],
)
def test_the_files_of_the_project_are_never_written(tmp_path: Path, text: str) -> None:
    write(tmp_path, {**FILES, SELECTIVE: text.encode()})
    run(tmp_path)
    write(tmp_path, package("libs/more"))
    (found,) = run(tmp_path)
    assert found.changed
    assert found.kept == ["selective-ci.yaml"]
    assert (tmp_path / SELECTIVE).read_bytes() == text.encode()
    assert read_overrides(tmp_path).selective["core"].tier == "full"


# As `packages --configure` of version 2.1 wrote it.
DETECTED_BEFORE = """\
packages:
  cli:  # detected fa5ee262
    path: libs/cli
    import-names: [cli]
    source-paths: [src]
    test-paths: []
"""


def test_an_unchanged_entry_of_an_earlier_version_corrects_nothing(
    tmp_path: Path,
) -> None:
    write(tmp_path, {**FILES, DETECTION: DETECTED_BEFORE})
    write(tmp_path, {"libs/cli/src/extra/__init__.py": ""})
    assert graph_of(tmp_path).by_name["cli"].import_names == ["cli", "extra"]


def test_a_changed_entry_of_an_earlier_version_is_the_projects(tmp_path: Path) -> None:
    text = DETECTED_BEFORE.replace("test-paths: []", "test-paths: [checks]")
    write(tmp_path, {**FILES, DETECTION: text})
    write(tmp_path, {"libs/cli/src/extra/__init__.py": ""})
    cli = graph_of(tmp_path).by_name["cli"]
    assert (cli.import_names, cli.test_paths) == (["cli"], ["checks"])


def test_an_unchanged_entry_of_a_package_that_is_gone_is_no_mistake(
    tmp_path: Path,
) -> None:
    text = DETECTED_BEFORE.replace("cli:  # detected fa5ee262", "old:  # detected HASH")
    text = text.partition("    path")[0] + "    tier: inherit\n"
    entry = "  old:\n    tier: inherit"
    digest = hashlib.sha256(entry.encode()).hexdigest()[:8]
    write(tmp_path, {**FILES, SELECTIVE: text.replace("HASH", digest)})
    assert list(check_packages(project_of(tmp_path))) == []


def test_what_fits_the_schemas_is_read(tmp_path: Path) -> None:
    for name in NAMES:
        schema = json.loads((SCHEMAS / name).with_suffix(".json").read_text())
        validator = cast("Any", Draft202012Validator(schema))
        text = {"packages": {"core": {"path": "libs/core"} if "det" in name else {}}}
        validator.validate(text)
        write(tmp_path, {**FILES, f"{FOLDER}/{name}": json.dumps(text)})
    assert list(check_packages(project_of(tmp_path))) == []


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
        (DETECTION, "packages: {core: {}}", "core.path: expected"),
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


def test_release_please_is_configured_for_what_depends_on_each_other(
    tmp_path: Path,
) -> None:
    files = {**FILES, **package("libs/lonely"), "uv.lock": ""}
    write(tmp_path, files)
    assert [file.path for file in run(tmp_path)] == [DETECTED]
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
