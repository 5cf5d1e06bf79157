"""Published archives contain no files of ours, or the plan reports the remedy."""

from __future__ import annotations

import json
import tarfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from ci_framework.analysis.analyze import analyze
from ci_framework.planning.manifest_template import files_taken
from ci_framework.planning.whole_tree import whole_tree
from ci_framework.repository import open_repository
from tests.support.adoptable_repositories import commit, make_repository, write
from tests.support.programs import run

OURS = (
    ".copier-answers.yml",
    ".github/actions/set-up/action.yml",
    ".github/workflows/python-ci.yml",
    "ci-framework/ci",
    "ci-framework/scripts/tool.py",
)
RENDERED: Mapping[str, object] = {name: name.encode() for name in OURS}
PROJECT = '[project]\nname = "demo"\nversion = "1.0"\ndescription = "x"\n'
SCM = ["setuptools", "setuptools-scm"]
HATCH, SETUPTOOLS = "hatchling.build", "setuptools.build_meta"
FIND = "[tool.setuptools.packages.find]\n"
UV, FLIT = "uv_build", "flit_core.buildapi"


def pyproject(backend: str, requires: list[str], more: str = "") -> dict[str, str]:
    build = f"[build-system]\nrequires = {json.dumps(requires)}\n"
    text = f'{PROJECT}{build}build-backend = "{backend}"\n{more}'
    return {"pyproject.toml": text, "src/demo/__init__.py": '"""Demo."""\n'}


def advice(path: Path, files: Mapping[str, str]) -> list[tuple[str, str]]:
    repository = open_repository(make_repository(path, files))
    operations = whole_tree(repository, analyze(repository), RENDERED)
    return [(o.path, o.reason) for o in operations if "archives" in o.reason]


@pytest.mark.parametrize(
    "files",
    [
        pyproject(SETUPTOOLS, ["setuptools"]),
        pyproject(FLIT, ["flit_core"]),
        pyproject("pdm.backend", ["pdm-backend"]),
        pyproject("poetry.core.masonry.api", ["poetry-core"]),
        pyproject(UV, ["uv_build"]),
        pyproject("whey", ["whey"]),
        pyproject("whey", [], '[tool.whey]\nadditional-files = ["include *.md"]\n'),
        pyproject(HATCH, [], '[tool.hatch.build]\ninclude = ["src/**", "*.toml"]\n'),
        pyproject(
            "pdm.backend", [], '[tool.pdm.build]\nincludes = ["src", "tests/"]\n'
        ),
        pyproject(UV, [], '[tool.uv.build-backend]\nsource-include = ["docs/**"]\n'),
        {"setup.py": "", "MANIFEST.in": "include *.md\nrecursive-include src *.yml\n"},
        {"MANIFEST.in": "graft .github\nprune .github\n", "setup.py": ""},
        pyproject(SETUPTOOLS, [], f'{FIND}where = ["src"]\n'),
        pyproject(SETUPTOOLS, [], f'{FIND}include = ["demo*"]\n'),
        pyproject(SETUPTOOLS, [], f'{FIND}exclude = ["ci-framework*", "docs"]\n'),
        pyproject(SETUPTOOLS, [], f"{FIND}namespaces = false\n"),
        {"setup.py": "find_namespace_packages('src')"},
    ],
    ids=str,
)
def test_archives_of_the_package_alone_need_nothing(
    tmp_path: Path, files: dict[str, str]
) -> None:
    assert advice(tmp_path / "p", files) == []


@pytest.mark.parametrize(
    ("files", "where", "said"),
    [
        (pyproject(HATCH, []), "pyproject.toml", 'exclude = ["/.copier-answers.yml", '),
        (
            pyproject(HATCH, [], '[tool.hatch.build]\ninclude = ["/.github", "src"]\n'),
            "pyproject.toml",
            "[tool.hatch.build.targets.sdist]",
        ),
        (
            {"setup.py": "", "MANIFEST.in": "include .*\ngraft .github\n"},
            "MANIFEST.in",
            "exclude .copier-answers.yml; prune .github/actions; "
            "exclude .github/workflows/python-ci.yml",
        ),
        (
            {"setup.py": "setup(pbr=True)", "setup.cfg": "[metadata]\nname = demo\n"},
            "MANIFEST.in",
            "prune ci-framework",
        ),
        (
            {
                "setup.py": "",
                "setup.cfg": "[options]\nsetup_requires = setuptools_scm\n",
            },
            "MANIFEST.in",
            "prune ci-framework",
        ),
        (
            pyproject(SETUPTOOLS, [], f'{FIND}exclude = ["tests*"]\n'),
            "pyproject.toml",
            'add to `exclude` of [tool.setuptools.packages.find]: "ci-framework*"',
        ),
        (
            {"setup.py": "", "setup.cfg": "[options]\npackages = find_namespace:\n"},
            "setup.cfg",
            '"ci-framework*"',
        ),
        (
            pyproject(FLIT, [], '[tool.flit.sdist]\ninclude = ["**/*.py"]\n'),
            "pyproject.toml",
            'exclude = [".copier-answers.yml", ".github/actions/**"',
        ),
        (
            pyproject(
                UV, [], '[tool.uv.build-backend]\nsource-include = [".github/**"]\n'
            ),
            "pyproject.toml",
            "[tool.uv.build-backend]: source-exclude = ",
        ),
        (
            pyproject(
                "poetry.core.masonry.api",
                [],
                '[tool.poetry]\ninclude = [{path = ".github", format = "sdist"}]\n',
            ),
            "pyproject.toml",
            "narrow `include` of [tool.poetry]",
        ),
        (
            pyproject("pdm.backend", [], '[tool.pdm.build]\nincludes = ["**/*.yml"]\n'),
            "pyproject.toml",
            "[tool.pdm.build]: excludes = ",
        ),
        (
            pyproject(
                "py_build_cmake.build",
                [],
                '[tool.py-build-cmake.sdist]\ninclude = [".github/**"]\n',
            ),
            "pyproject.toml",
            "[tool.py-build-cmake.sdist]: exclude = ",
        ),
        (
            pyproject(
                "whey",
                [],
                '[tool.whey]\nadditional-files = ["recursive-include .github *"]\n',
            ),
            "pyproject.toml",
            'of [tool.whey]: "recursive-exclude .github/actions *", '
            '"exclude .github/workflows/python-ci.yml"',
        ),
    ],
    ids=str,
)
def test_what_would_take_our_files_is_named_with_what_keeps_them_out(
    tmp_path: Path, files: dict[str, str], where: str, said: str
) -> None:
    ((path, reason),) = advice(tmp_path / "p", files)
    assert path == where
    assert said in reason


@pytest.mark.parametrize(
    ("manifest", "taken"),
    [
        ("", []),
        ("include *.md  # pages", ["a.md"]),
        ("recursive-include docs *.md *.txt", ["docs/b.md", "docs/deep/c.txt"]),
        ("recursive-include . *.txt", ["docs/deep/c.txt"]),
        ("global-include *.md\nglobal-exclude b.*", ["a.md"]),
        ("graft docs\nprune docs/deep", ["docs/b.md"]),
        ("graft ./d*s/", ["docs/b.md", "docs/deep/c.txt"]),
        ("graft .\nexclude a.md \\\n docs/*.md", ["docs/deep/c.txt"]),
        ("graft .\nrecursive-exclude docs *", ["a.md"]),
        ("include\nunknown *\ninclude nothing.py", []),
    ],
)
def test_a_template_is_read_like_setuptools_reads_it(
    manifest: str, taken: list[str]
) -> None:
    files = ["a.md", "docs/b.md", "docs/deep/c.txt"]
    assert files_taken(manifest, files, every=False) == taken
    assert files_taken("prune docs", files, every=True) == ["a.md"]


def test_a_pattern_of_many_stars_takes_no_time() -> None:
    deep = "/".join(["a"] * 40)
    stars = "/".join(["**"] * 20)
    manifest = f"include {stars}/b\ninclude {stars}/a/{stars}\n"
    assert files_taken(manifest, [deep, "b/c"], every=False) == [deep]


def names(path: Path) -> list[str]:
    """What the source archive of a project holds."""
    out = path.parent / f"{path.name}-archive"
    run("uv", "build", "--quiet", "--sdist", "--clear", "-o", str(out), cwd=path)
    (archive,) = out.glob("*.tar.gz")
    with tarfile.open(archive) as opened:
        files = [item.name.partition("/")[2] for item in opened if item.isfile()]
    return sorted(name for name in files if name != ".gitattributes")


@pytest.mark.heavy
@pytest.mark.parametrize(
    "files",
    [
        pyproject(HATCH, ["hatchling"]),
        pyproject(SETUPTOOLS, SCM),
        {**pyproject(SETUPTOOLS, ["setuptools"]), "MANIFEST.in": "graft .github\n"},
        pyproject(FLIT, ["flit_core"], '[tool.flit.sdist]\ninclude = ["**/*.py"]\n'),
        pyproject(UV, [UV], '[tool.uv.build-backend]\nsource-include = ["**/*.yml"]\n'),
    ],
    ids=["hatch", "scm", "manifest", "flit", "uv"],
)
def test_an_archive_is_the_same_after_what_the_plan_says(
    tmp_path: Path, files: dict[str, str]
) -> None:
    path = tmp_path / "p"
    told = advice(path, files)
    before = names(path)
    write(path, dict.fromkeys(OURS, "VALUE = 1\n"))
    for where, reason in told:
        _, _, added = reason.partition(": add to ")
        place, _, rows = added.partition(": ")
        file = path / where
        text = file.read_text() if file.exists() else ""
        table = f"{place}\n"
        if where == "pyproject.toml" and table in text:
            text = text.replace(table, f"{table}{rows}\n")
        else:
            lines = rows.replace("; ", "\n")
            text += lines if where == "MANIFEST.in" else f"{table}{lines}\n"
        file.write_text(f"{text}\n")
    commit(path)
    assert [name for name in names(path) if name in OURS] == []
    assert set(before) <= set(names(path))
