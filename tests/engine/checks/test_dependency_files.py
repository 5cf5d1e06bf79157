"""Every dependency file is read, or reported as unread or broken."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from ci_engine.checks.dependencies.dependency_files import read_lock
from ci_engine.checks.dependencies.inventory import Dependencies
from ci_engine.project.repository import read_project
from tests.support.locks import HASH, LOCKS, lock_of
from tests.support.projects import git


def read(root: Path, files: Mapping[str, str | bytes]) -> Dependencies:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_lock(read_project(root), ["left-out/"], ["tests"])


def pins(found: Dependencies) -> set[str]:
    return {f"{each.name} {each.version}" for each in found.audited}


def manifest(*rows: str, name: str = "demo") -> str:
    listed = ", ".join(f'"{row}"' for row in rows)
    return f'[project]\nname = "{name}"\nversion = "1"\ndependencies = [{listed}]\n'


# --- locks that fit, and locks that do not ------------------------------------------
@pytest.mark.parametrize("kind", LOCKS)
def test_a_current_lock_is_read_with_its_hashes(kind: str, tmp_path: Path) -> None:
    found = read(tmp_path, lock_of(kind, six="1.16.0"))
    assert found.problems == found.open == ()
    assert "six 1.16.0" in pins(found)
    (six,) = [each for each in found.audited if each.name == "six"]
    assert six.hashes == (HASH,)
    assert found.files[six] == (kind,)


@pytest.mark.parametrize("kind", LOCKS)
@pytest.mark.parametrize("content", ["", "[[package]\n", b"\xff\xfe", "3\n"])
def test_a_lock_that_cannot_be_read_is_a_problem_with_a_command(
    kind: str, content: str | bytes, tmp_path: Path
) -> None:
    files = {**lock_of(kind, six="1.16.0"), kind: content}
    found = read(tmp_path, files)
    assert found.audited == ()
    if kind == "requirements.txt" and isinstance(content, str):
        # Without pins it is not a lock, and its versions are still open.
        assert "six" in found.open
        return
    (problem,) = found.problems
    assert problem.startswith(f"{kind}: ")
    assert kind == "requirements.txt" or "; run `" in problem


@pytest.mark.parametrize("kind", LOCKS)
@pytest.mark.parametrize(
    ("required", "said"),
    [("idna>=3", "lacks what"), ("six>=1.17", "is stale: it has six 1.16.0")],
)
def test_a_lock_that_does_not_fit_is_a_problem_and_is_read_anyway(
    kind: str, required: str, said: str, tmp_path: Path
) -> None:
    files = lock_of(kind, required, six="1.16.0")
    found = read(tmp_path, files)
    (problem,) = found.problems
    assert kind in problem
    assert said in problem
    assert "; run `" in problem
    assert "six 1.16.0" in pins(found)


@pytest.mark.parametrize("kind", LOCKS)
def test_the_lock_of_another_project_is_a_problem(kind: str, tmp_path: Path) -> None:
    found = read(tmp_path, lock_of(kind, "idna>=3", "attrs", zope="5"))
    (problem,) = found.problems
    assert "lacks what" in problem
    assert "attrs, idna" in problem


def test_a_lock_says_of_which_project_it_is(tmp_path: Path) -> None:
    files = {**lock_of("uv.lock", six="1"), "pyproject.toml": manifest(name="other")}
    (problem,) = read(tmp_path, files).problems
    assert problem == "uv.lock is the lock of demo, not of other; run `uv lock`"


def test_a_member_of_a_workspace_has_to_be_in_its_lock(tmp_path: Path) -> None:
    files = lock_of("uv.lock", six="1.16.0")
    files["uv.lock"] += (
        '\n[[package]]\nname = "part"\nversion = "1"\n'
        'source = { editable = "parts/part" }\n'
    )
    files["parts/part/pyproject.toml"] = manifest("six", "demo", name="part")
    assert read(tmp_path, files).problems == ()
    files["parts/part/pyproject.toml"] = manifest("idna", name="part")
    (problem,) = read(tmp_path, files).problems
    assert "uv.lock lacks what pyproject.toml requires: idna" in problem


@pytest.mark.parametrize(
    ("more", "fits"),
    [
        ('[dependency-groups]\ndev = ["six"]\n', True),
        ('[dependency-groups]\ndev = ["pytest"]\n', False),
        ('[project.optional-dependencies]\nx = ["pytest>=7"]\n', False),
        ("[project.optional-dependencies]\nx = [\"p; python_version < '3'\"]\n", True),
        ('[tool.uv]\ndev-dependencies = ["pytest"]\n', False),
        ('[tool.uv]\noverride-dependencies = ["six==1.16.0"]\n', True),
    ],
)
def test_groups_and_extras_are_locked_too(
    more: str, fits: bool, tmp_path: Path
) -> None:
    files = lock_of("uv.lock", six="1.16.0")
    required = "six>=9" if "override" in more else "six"
    files["pyproject.toml"] = f"{manifest(required)}{more}"
    assert (read(tmp_path, files).problems == ()) is fits


def test_a_part_may_have_a_lock_of_its_own(tmp_path: Path) -> None:
    files = lock_of("uv.lock", six="1.16.0")
    files |= {"pylock.docs.toml": lock_of("pylock.toml", idna="3.4")["pylock.toml"]}
    found = read(tmp_path, files)
    assert found.problems == ()
    assert {"six 1.16.0", "idna 3.4"} <= pins(found)


def test_a_second_lock_is_held_against_the_manifest_as_well(tmp_path: Path) -> None:
    files = {**lock_of("uv.lock", "six", "idna", six="1.16.0", idna="3.4")}
    files["pylock.toml"] = lock_of("pylock.toml", six="1.15.0")["pylock.toml"]
    found = read(tmp_path, files)
    assert {"six 1.16.0", "six 1.15.0"} <= pins(found)
    (problem,) = found.problems
    assert "pylock.toml lacks what pyproject.toml requires: idna" in problem


def test_locks_of_tests_may_be_broken_and_are_named(tmp_path: Path) -> None:
    found = read(tmp_path, {"tests/data/uv.lock": "?", "left-out/uv.lock": "?"})
    assert found.problems == ()
    (unread,) = found.unread
    assert unread.startswith("tests/data/uv.lock (tests/data/uv.lock: not valid TOML")


def test_a_lock_that_git_ignores_is_read(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet")
    files = {**lock_of("uv.lock", six="1.16.0"), ".gitignore": "uv.lock\n"}
    assert "six 1.16.0" in pins(read(tmp_path, files))


def test_links_out_of_the_repository_are_not_read(tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("six==1.16.0\n", encoding="utf-8")
    root = tmp_path / "demo"
    root.mkdir()
    (root / "requirements.txt").symlink_to(secret)
    (root / "poetry.lock").symlink_to("nowhere")
    found = read(root, {})
    assert pins(found) == set()
    assert found.problems == (
        "poetry.lock: No such file or directory",
        "requirements.txt: a link out of the repository",
    )


# --- all files of the tree ----------------------------------------------------------
TREE = {
    "requirements/base.txt": "a==1\n",
    "requirements/dev.in": "b==1  # why\n",
    "services/api/requirements.txt": "c[x] == 1 ; python_version > '3'\n",
    "services/web/Pipfile.lock": '{"_meta": {}, "default": {"d": {"version": "==1"}}}',
    "constraints-ci.txt": "e==1\n",
    "dev-requirements.txt": "f===1\n",
    "old/setup.cfg": "[options]\ninstall_requires =\n    g==1\n    # none\n"
    "[options.extras_require]\nx = h==1\n",
    "older/setup.py": "from setuptools import setup\n"
    "setup(install_requires=['i==1'], extras_require={'x': ['j==1']})\n",
    "lab/environment.yml": "dependencies:\n- python=3.11\n- pip:\n  - k==1\n",
    "tool/pyproject.toml": manifest("l==1")
    + '[project.optional-dependencies]\nx = ["m==1"]\n[dependency-groups]\n'
    'dev = ["n==1"]\n[tool.poetry.dependencies]\no = "1"\n',
    "science/conda-lock.yml": lock_of("conda-lock.yml", p="1")["conda-lock.yml"],
    "pipenv/Pipfile": '[packages]\nq = "==1"\n[dev-packages]\nr = {version = "==1"}\n',
}


def test_every_dependency_file_of_the_tree_is_read(tmp_path: Path) -> None:
    found = read(tmp_path, TREE)
    assert pins(found) == {f"{letter} 1" for letter in "abcdefghijklmnopqr"}
    assert found.problems == ()
    assert found.unknown == ("python (conda-only)",)
    files = {name for names in found.files.values() for name in names}
    assert files == set(TREE)


def test_what_is_not_pinned_is_named_with_its_file(tmp_path: Path) -> None:
    files = lock_of("uv.lock", six="1.16.0") | {
        "services/api/requirements.txt": "six\nflask>=2\n",
        "requirements-docs.txt": "sphinx\n-e .\n-r ../other.txt\n-r more.txt\n"
        "-c https://example.org/c.txt\n",
        "requirements/x.txt": "fork @ git+https://example.org/fork\n"
        "git+https://example.org/more#egg=more\n",
    }
    found = read(tmp_path, files)
    assert found.open == ()
    assert set(found.unknown) == {
        "flask (not pinned in services/api/requirements.txt)",
        "sphinx (not pinned in requirements-docs.txt)",
        "fork (git+https://example.org/fork)",
        "more (git+https://example.org/more#egg=more)",
    }
    assert found.unread == (
        "../other.txt (named by requirements-docs.txt)",
        "more.txt (named by requirements-docs.txt)",
        "https://example.org/c.txt (named by requirements-docs.txt)",
    )


def test_other_languages_are_named_once_for_each_directory(tmp_path: Path) -> None:
    names = ("web/package.json", "web/package-lock.json", "web/yarn.lock", "go.mod")
    names += ("tools/Cargo.lock", "Gemfile", "x/app.csproj", "conda-linux-64.lock")
    found = read(tmp_path, dict.fromkeys(names, "{}"))
    assert found.audited == ()
    assert found.unread == (
        "Gemfile (Ruby)",
        "conda-linux-64.lock (conda, without names)",
        "go.mod (Go)",
        "tools/Cargo.lock (Rust)",
        "web/package-lock.json (npm)",
        "x/app.csproj (NuGet)",
    )


def test_requirements_that_only_code_knows_are_not_guessed(tmp_path: Path) -> None:
    text = "from setuptools import setup\nsetup(install_requires=open('r').read())\n"
    found = read(tmp_path, {"setup.py": text})
    assert found.unread == ("setup.py (computes what it requires)",)
    assert found.open == ("setup.py",)
    files = {"a/setup.cfg": "[options]\ninstall_requires = file: r.txt\n"}
    found = read(tmp_path, {**files, "setup.py": "", "b/setup.py": "setup(\n"})
    assert found.unread == ("a/setup.cfg (computes what it requires)",)
    (problem,) = found.problems
    assert problem.startswith("b/setup.py: not valid Python")


@pytest.mark.parametrize(
    ("files", "wanted"),
    [
        ({"pyproject.toml": manifest("six")}, ("six",)),
        ({"pyproject.toml": manifest("six"), "requirements.txt": "six==1\n"}, ()),
        ({"requirements.txt": "six>=1\n"}, ("six>=1",)),
        ({"requirements-dev.txt": "six>=1\n"}, ("six>=1",)),
        ({"requirements-dev.txt": "six>=1\n", "requirements.txt": "a==1\n"}, ()),
        ({"setup.cfg": "[options]\ninstall_requires = six\n"}, ("six",)),
        ({"pyproject.toml": '[tool.poetry.dependencies]\nsix = "^1"\n'}, ("six>=1",)),
        ({"pyproject.toml": '[dependency-groups]\ndev = ["six"]\n'}, ("six",)),
        (
            {
                "pyproject.toml": '[dependency-groups]\ndev = ["six"]\n',
                "requirements.txt": "a==1\n",
            },
            (),
        ),
        ({}, ()),
    ],
)
def test_what_a_project_needs_and_no_file_pins_is_open(
    files: dict[str, str], wanted: tuple[str, ...], tmp_path: Path
) -> None:
    assert read(tmp_path, files).open == wanted


def test_the_same_version_in_two_files_is_listed_once(tmp_path: Path) -> None:
    files = {"requirements.txt": "six==1\n", "api/requirements.txt": "six==1\n"}
    (six,) = read(tmp_path, files).audited
    found = read(tmp_path, files)
    assert found.files[six] == ("api/requirements.txt", "requirements.txt")
    assert found.source == "api/requirements.txt, requirements.txt"


def test_files_that_requirements_name_are_read_whatever_they_are_called(
    tmp_path: Path,
) -> None:
    found = read(
        tmp_path,
        {
            "requirements.txt": "-r deps/base.lst\n-r gone.lst\n",
            "deps/base.lst": "six==1.1\n-c more.lst\n-r base.lst\n",
            "deps/more.lst": "attrs==2.2\n",
        },
    )
    assert pins(found) >= {"six 1.1", "attrs 2.2"}
    assert "gone.lst (named by requirements.txt)" in found.unread


def test_other_sources_of_packages_are_named(tmp_path: Path) -> None:
    rows = (
        "--extra-index-url https://other.example/simple",
        "--find-links=wheels",
        "./vendored/evil-1.0-py3-none-any.whl",
        "-e git+https://example.org/a.git#egg=other",
        "-e .",
    )
    found = read(tmp_path, {"requirements.txt": "\n".join(rows)})
    assert found.unread == (
        "https://other.example/simple (named by requirements.txt)",
        "wheels (named by requirements.txt)",
        "./vendored/evil-1.0-py3-none-any.whl (named by requirements.txt)",
    )
    assert any(name.startswith("other") for name in found.unknown), found.unknown


def test_a_long_chain_of_requirements_takes_no_time(tmp_path: Path) -> None:
    files = {f"requirements/{n}.txt": f"-r {n + 1}.txt\na{n}\n" for n in range(1_500)}
    start = time.process_time()
    read(tmp_path, files)
    assert time.process_time() - start < 10


def test_a_long_name_of_a_conda_package_takes_no_time(tmp_path: Path) -> None:
    url = f"https://conda.example/{'a-' * 20_000}.conda-"
    start = time.process_time()
    read(tmp_path, {"pixi.lock": f"version: 6\npackages:\n- conda: {url}\n"})
    assert time.process_time() - start < 10
