"""Which packages a change touches, and the jobs that are planned for them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import cast

import pytest

from ci_engine.changes import decision as changes
from ci_engine.changes.affected_packages import AffectedPackages, affected_by
from ci_engine.changes.categories import Classifier
from ci_engine.changes.decision import decide, everything
from ci_engine.configuration.loading import Configuration, load_configuration
from ci_engine.github.event import Event
from ci_engine.monorepo.package_model import Graph, Package
from ci_engine.project.requires_python import allows_python
from ci_engine.workflow_jobs.jobs import plan_jobs
from ci_engine.workflow_jobs.package_jobs import PackageChanges, with_packages
from tests.support.monorepos import graph_of, package, pyproject
from tests.support.projects import DemoProject, Run, git

MORE = '[dependency-groups]\ntest = ["core"]\n'
FILES = {
    "pyproject.toml": pyproject("bot"),
    "src/bot/__init__.py": "import shop\n",
    "tests/test_bot.py": "",
    **package("sub-packages/core", tests="import core\n"),
    **package("sub-packages/cli", "core"),
    **package("sub-packages/shop", "cli"),
    **package("sub-packages/tool", more=MORE),
    **package("sub-packages/lonely"),
    **package("sub-packages/lonely/plugins/inner"),
}
ALL = {"bot", "core", "cli", "shop", "tool", "lonely", "inner"}
CORE = "sub-packages/core"


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> Graph:
    return graph_of(tmp_path_factory.mktemp("mono"), FILES)


def configuration(directory: Path, **tables: object) -> Configuration:
    return load_configuration(directory, {}, dict(tables))


def affected(graph: Graph, directory: Path, *paths: str) -> AffectedPackages:
    loaded = configuration(directory)
    kinds = Classifier(loaded.patterns, loaded.settings)
    return affected_by(graph, kinds, decide(kinds, paths, "base", "head"))


@pytest.mark.parametrize(
    ("path", "changed", "dependents"),
    [
        (f"{CORE}/src/core/x.py", {"core"}, {"cli", "shop", "bot", "tool"}),
        (f"{CORE}/pyproject.toml", {"core"}, {"cli", "shop", "bot", "tool"}),
        (f"{CORE}/data/table.bin", {"core"}, {"cli", "shop", "bot", "tool"}),
        (f"{CORE}/tests/test_core.py", {"core"}, set[str]()),
        (f"{CORE}/src/core/test_inside.py", {"core"}, set[str]()),
        (f"{CORE}/ruff.toml", {"core"}, {"cli", "shop", "bot", "tool"}),
        (f"{CORE}/README.md", set[str](), set[str]()),
        (f"{CORE}/docs/guide.md", set[str](), set[str]()),
        ("sub-packages/shop/src/shop/x.py", {"shop"}, {"bot"}),
        ("sub-packages/tool/src/tool/x.py", {"tool"}, set[str]()),
        ("sub-packages/lonely/src/x.py", {"lonely"}, set[str]()),
        ("sub-packages/lonely/plugins/inner/src/x.py", {"inner"}, set[str]()),
        ("src/bot/x.py", {"bot"}, set[str]()),
        ("tests/test_bot.py", {"bot"}, set[str]()),
        ("README.md", set[str](), set[str]()),
        ("docs/x.md", set[str](), set[str]()),
    ],
)
def test_a_change_selects_its_package_and_those_that_need_it_and_nothing_else(
    graph: Graph, tmp_path: Path, path: str, changed: set[str], dependents: set[str]
) -> None:
    found = affected(graph, tmp_path, path)
    assert set(found.changed) == changed
    assert set(found.dependents) == dependents
    assert found.everything == ""


@pytest.mark.parametrize(
    "path",
    [
        "pyproject.toml",
        "uv.lock",
        ".github/workflows/ci.yml",
        "ci-framework/project/cross-package.yaml",
        "Makefile",
        "scripts/deploy.py",
        "sub-packages/gone/src/gone.py",
        "sub-packages/shared.py",
        f"{CORE}/ci-framework.toml",
    ],
)
def test_what_belongs_to_no_package_selects_all(
    graph: Graph, tmp_path: Path, path: str
) -> None:
    found = affected(graph, tmp_path, f"{CORE}/tests/test_core.py", path)
    assert set(found.changed) == ALL
    assert path in found.everything


def test_a_change_that_is_not_known_selects_all(graph: Graph, tmp_path: Path) -> None:
    loaded = configuration(tmp_path)
    kinds = Classifier(loaded.patterns, loaded.settings)
    found = affected_by(graph, kinds, everything("the start is not known"))
    assert set(found.changed) == ALL
    assert found.names(graph) == graph.order


def test_documentation_touches_the_packages_whose_tests_read_it(
    graph: Graph, tmp_path: Path
) -> None:
    loaded = configuration(tmp_path)
    kinds = Classifier(loaded.patterns, loaded.settings)
    test, text = "sub-packages/cli/tests/test_cli.py", "docs/x.md"
    known = changes.AffectedTests(chains=[changes.Chain(test, [text, test])])
    decision = decide(kinds, [text], "base", "head", affected=known)
    found = affected_by(graph, kinds, decision)
    assert found.changed == {"cli": f"{test} reads {text}"}
    assert not found.dependents


def test_data_selects_all_as_any_package_may_read_it(
    graph: Graph, tmp_path: Path
) -> None:
    loaded = configuration(tmp_path, changes={"data-patterns": {"*.csv": ["x.py"]}})
    kinds = Classifier(loaded.patterns, loaded.settings)
    decision = decide(kinds, [f"{CORE}/data/table.csv"], "base", "head")
    assert set(affected_by(graph, kinds, decision).changed) == ALL


def test_a_package_that_changed_is_not_reported_as_a_dependent(
    graph: Graph, tmp_path: Path
) -> None:
    paths = (f"{CORE}/src/core/x.py", "sub-packages/cli/tests/test_cli.py")
    found = affected(graph, tmp_path, *paths)
    assert set(found.changed) == {"core", "cli"}
    assert set(found.dependents) == {"shop", "bot", "tool"}
    assert found.dependents["shop"] == "it needs cli"


def jobs(
    graph: Graph, found: AffectedPackages, directory: Path, *, tier: str = "extended"
) -> dict[str, str]:
    matrix = {"python-versions": ["3.10", "3.11", "3.12"], "platforms": ["linux"]}
    loaded = configuration(directory, matrix=matrix, quality={"tier": tier})
    planned = plan_jobs(everything("a test"), loaded, Event())
    return with_packages(planned, PackageChanges(graph, found, True), loaded).outputs()  # noqa: FBT003


def matrix_jobs(outputs: dict[str, str], name: str) -> list[tuple[str, str]]:
    rows = cast("list[dict[str, str]]", json.loads(outputs[name])["include"])
    return sorted((row["package"], row["python-version"]) for row in rows)


def test_each_package_has_a_matrix_job_on_the_oldest_and_the_newest_python(
    graph: Graph, tmp_path: Path
) -> None:
    found = affected(graph, tmp_path, "sub-packages/cli/src/cli/x.py")
    outputs = jobs(graph, found, tmp_path)
    assert json.loads(outputs["packages"]) == ["bot", "cli", "shop"]
    assert matrix_jobs(outputs, "package-matrix") == [("cli", "3.10"), ("cli", "3.12")]
    assert {name for name, _ in matrix_jobs(outputs, "cross-matrix")} == {"bot", "shop"}
    assert outputs["cross-checks"] == "typecheck,test"
    here, alone = (outputs[f"{w}-checks"].split(",") for w in ("repository", "package"))
    assert set(here) & set(alone) == {"security", "audit", "policy"}
    assert {"hooks", "lint", "security"} <= set(here)
    assert {"test", "coverage", "declared-imports"} <= set(alone)
    assert "packages" not in json.loads(outputs["skips"])


def test_jobs_without_packages_are_left_out_for_a_reason(
    graph: Graph, tmp_path: Path
) -> None:
    for path, reasons in (
        ("README.md", {"packages", "cross-package-tests"}),
        ("sub-packages/lonely/src/x.py", {"cross-package-tests"}),
        ("Makefile", {"cross-package-tests"}),
    ):
        outputs = jobs(graph, affected(graph, tmp_path, path), tmp_path)
        skips = json.loads(outputs["skips"])
        assert {"packages", "cross-package-tests"} & set(skips) == reasons
        assert all(skips.values())


def many(number: int, requires: str = "") -> Graph:
    packages = [
        Package(
            name=f"p{n}",
            path=f"libs/p{n}",
            import_names=[],
            manifest="pyproject.toml",
            requires_python=requires,
        )
        for n in range(number)
    ]
    names = [package.name for package in packages]
    return Graph(packages=packages, cycles=[], order=names, ignored=[])


def test_no_matrix_is_larger_than_github_allows(tmp_path: Path) -> None:
    graph = many(300)
    found = AffectedPackages(dict.fromkeys(graph.names, "x"))
    rows = matrix_jobs(jobs(graph, found, tmp_path), "package-matrix")
    assert len(rows) <= 256
    covered = [(name, python) for row, python in rows for name in row.split(",")]
    assert sorted(covered) == sorted(
        (n, p) for n in graph.names for p in ("3.10", "3.12")
    )


def test_a_package_runs_on_pythons_that_it_allows(tmp_path: Path) -> None:
    for requires, wanted in (
        (">=3.11", ["3.11", "3.12"]),
        (">=3.10,<3.12", ["3.10", "3.11"]),
        ("==3.11.*", ["3.11"]),
        (">=3.13", ["3.12"]),
        ("~=3.10", ["3.10", "3.12"]),
        ("odd", ["3.10", "3.12"]),
    ):
        graph = many(1, requires)
        outputs = jobs(graph, AffectedPackages({"p0": "x"}), tmp_path)
        found = [python for _, python in matrix_jobs(outputs, "package-matrix")]
        assert found == wanted, requires


@pytest.mark.parametrize(
    ("requires", "version", "fits"),
    [
        (">3.10", "3.10", False),
        (">3.10.1", "3.10", True),
        ("<=3.11", "3.12", False),
        ("!=3.11.*", "3.11", False),
        ("!=3.11.2", "3.11", True),
        ("~=3.10.1", "3.11", False),
        (">=3", "3.10", True),
        ("", "3.10", True),
    ],
)
def test_requires_python_is_understood(requires: str, version: str, fits: bool) -> None:
    assert allows_python(requires, version) is fits


@pytest.fixture
def monorepo(project: DemoProject) -> DemoProject:
    for name, text in {
        **package("libs/core", tests="import core\n"),
        **package("libs/cli", "core"),
        **package("libs/lonely"),
    }.items():
        project.write(name, text)
    project.git_init()
    git(project.root, "branch", "start")
    return project


def told(done: Run) -> dict[str, object]:
    assert done.code == 0, str(done)
    return cast("dict[str, object]", json.loads(done.stdout))


def test_ci_changes_reports_the_packages(monorepo: DemoProject, tmp_path: Path) -> None:
    monorepo.write("libs/core/src/core/more.py", "")
    outputs = tmp_path / "outputs"
    words = ("changes", "--since", "start", "--json")
    done = monorepo.run(*words, variables={"GITHUB_OUTPUT": str(outputs)})
    assert told(done)["packages"] == ["cli", "core"]
    rows = dict(row.split("=", 1) for row in outputs.read_text().splitlines())
    assert json.loads(rows["packages"]) == ["cli", "core"]
    alone = monorepo.run(*words, "--analyze-dependencies=false")
    assert told(alone)["packages"] == ["core"]


def test_a_repository_of_one_package_has_none_to_tell(project: DemoProject) -> None:
    project.git_init()
    git(project.root, "branch", "start")
    project.append("src/demo/__init__.py", "\n\nMORE = 1\n")
    found = told(project.run("changes", "--since", "start", "--json"))
    assert found["packages"] == []


def test_ci_packages_reports_what_a_change_touches(monorepo: DemoProject) -> None:
    monorepo.write("libs/core/src/core/more.py", "")
    done = monorepo.run("packages", "--changed-only", "--since", "start", "--json")
    rows = cast("list[dict[str, str]]", told(done)["packages"])
    assert [row["name"] for row in rows] == ["core", "cli"]
    assert rows[1]["because"] == "it needs core"
    plan = monorepo.run(
        "packages", "--gate", "--changed-only", "--since=start", "--dry-run"
    )
    assert plan.stdout.splitlines()[1] == "cli: it needs core"


def test_a_text_touches_the_package_whose_test_reads_it(monorepo: DemoProject) -> None:
    words = ("packages", "--changed-only", "--since", "start")
    reading = "import pathlib\nTEXT = pathlib.Path('docs/guide.md').read_text()\n"
    monorepo.write("libs/lonely/tests/test_guide.py", reading)
    monorepo.write("docs/guide.md", "Guide\n")
    git(monorepo.root, "add", ".")
    git(monorepo.root, "commit", "-qm", "docs: a guide")
    git(monorepo.root, "branch", "-f", "start")
    monorepo.append("docs/guide.md", "More.\n")
    done = monorepo.run(*words)
    assert (
        done.stdout == "lonely: libs/lonely/tests/test_guide.py reads docs/guide.md\n"
    )


def test_what_tox_runs_touches_no_package_but_settings_of_linters_do(
    monorepo: DemoProject,
) -> None:
    words = ("packages", "--changed-only", "--since", "start")
    monorepo.write("tox.ini", "[tox]\nenvlist = a\n[flake8]\nmax-line-length = 99\n")
    git(monorepo.root, "add", ".")
    git(monorepo.root, "commit", "-qm", "build: tox")
    git(monorepo.root, "branch", "-f", "start")
    monorepo.append("tox.ini", "[testenv:a]\ncommands = true\n")
    assert monorepo.run(*words).stdout == "the change touches no package\n"
    monorepo.append("tox.ini", "[mypy]\nstrict = true\n")
    assert "core: tox.ini" in monorepo.run(*words).stdout


def test_an_unknown_start_is_a_mistake_of_the_user(monorepo: DemoProject) -> None:
    done = monorepo.run("packages", "--changed-only", "--since", "nowhere")
    assert done.code == 2
    assert "--since nowhere" in done.stderr
    assert "name a commit, branch or tag" in done.stderr


@pytest.mark.parametrize(
    ("words", "has"),
    [
        (("--scan",), "core 1.0 in libs/core (core)"),
        (("--analyze-dependencies", "--package", "core"), "dependents:\n  cli"),
        (("--package", "libs/cli"), "core: runtime (pyproject.toml"),
        (("--package", "cli", "--format", "mermaid"), 'graph LR\n  p0["core"]'),
        (("--json",), '"ignored": []'),
    ],
)
def test_ci_packages_reports_it_in_each_form(
    monorepo: DemoProject, words: tuple[str, ...], has: str
) -> None:
    done = monorepo.run("packages", *words)
    assert done.code == 0, str(done)
    assert has in done.stdout
    page = (monorepo.root / ".ci-framework/packages/summary.md").read_text()
    assert "```mermaid\ngraph LR" in page


def test_a_package_that_is_not_there_is_reported_with_those_that_are(
    monorepo: DemoProject,
) -> None:
    done = monorepo.run("packages", "--package", "croe")
    assert done.code == 2
    assert "packages: cli, core, demo, lonely" in done.stderr
