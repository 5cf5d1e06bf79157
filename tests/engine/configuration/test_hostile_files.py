"""Configuration that takes forever to read, or leads out of the repository."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from ci_engine.configuration.reading import read_text, read_toml, read_yaml
from ci_engine.errors import ConfigurationError
from tests.support.projects import DemoProject, git

SECRET = "SECRET_of_another"
NESTED = "a0: &a0 [x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 30)
)
BOMBS = {
    "nested aliases": (NESTED, "line 6: its aliases expand to more than 100000 values"),
    "merged maps": (
        "a0: &a0 {k: v}\n"
        + "".join(
            f"a{n}: &a{n} {{x: *a{n - 1}, y: *a{n - 1}}}\n" for n in range(1, 60)
        ),
        "aliases expand to more than",
    ),
    "an alias of itself": ("a: &a [*a]\n", "alias *a is inside its own anchor"),
    "levels": ("a: " + "[" * 5_000, "nested deeper than 100 levels"),
    "a key twice": (
        "waivers: []\nwaivers: [x]\n",
        "line 2: the key 'waivers' is repeated",
    ),
    "a nested key twice": ("a:\n  - b: 1\n    c: 2\n    b: 3\n", "line 4: the key 'b'"),
}


@pytest.mark.parametrize("name", BOMBS)
def test_yaml_that_no_configuration_holds_is_refused_at_once(
    tmp_path: Path, name: str
) -> None:
    text, reason = BOMBS[name]
    file = tmp_path / "waivers.yaml"
    file.write_text(text, encoding="utf-8")
    started = time.monotonic()
    with pytest.raises(ConfigurationError, match=r"waivers\.yaml: ") as refused:
        read_yaml(file)
    assert reason in str(refused.value)
    assert time.monotonic() - started < 1


@pytest.mark.parametrize(
    "text",
    [
        "base: &base {a: 1}\nb: {<<: *base, c: 2}\nc: {<<: *base}\nd: *base\n",
        "a: {k: 1}\nb: {k: 1}\n",
        "- k: 1\n- k: 1\n",
        "? [a, b]\n: 1\n? [a, c]\n: 2\n",
        "a: [b, b]\nb: a\n",
    ],
)
def test_usual_yaml_is_read(tmp_path: Path, text: str) -> None:
    file = tmp_path / "x.yaml"
    file.write_text(text, encoding="utf-8")
    if "? [" not in text:
        assert read_yaml(file)
        return
    with pytest.raises(ConfigurationError, match="not valid YAML"):
        read_yaml(file)


@pytest.mark.parametrize(
    "number", ["9" * 20_000, "0x" + "f" * 20_000, "1" + ":9" * 20_000]
)
def test_a_number_of_thousands_of_digits_is_refused(
    tmp_path: Path, number: str
) -> None:
    toml, file = tmp_path / "pyproject.toml", tmp_path / "x.yaml"
    toml.write_text(f"a = {'9' * 20_000}\n", encoding="utf-8")
    file.write_text(f"a: {number}\n", encoding="utf-8")
    with pytest.raises(ConfigurationError, match="not valid TOML"):
        read_toml(toml)
    with pytest.raises(ConfigurationError, match="thousands of digits"):
        read_yaml(file)


def test_deep_toml_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "pyproject.toml"
    file.write_text(f"a = {'[' * 50_000}{']' * 50_000}\n", encoding="utf-8")
    with pytest.raises(ConfigurationError, match="nested too deeply"):
        read_toml(file)
    key = '."a b" . a' * 20_000
    file.write_text(f"[tool]\na{key} = 1\n", encoding="utf-8")
    with pytest.raises(ConfigurationError, match="nested too deeply"):
        read_toml(file)


def a_link(target: str) -> Callable[[Path], None]:
    return lambda path: path.symlink_to(target)


PLACES: dict[str, Callable[[Path], None]] = {
    "a file outside": a_link("../outside/secret"),
    "an absolute link": lambda path: path.symlink_to(
        path.parent.parent.parent / "outside" / "secret"
    ),
    "the environment of a process": a_link("/proc/self/environ"),
    "a device": a_link("/dev/zero"),
    "a pipe": os.mkfifo,
    "a directory": Path.mkdir,
    "a link to itself": lambda path: path.symlink_to(path.name),
    "a link by way of a directory": lambda path: (
        (path.parent / "up").symlink_to("../../outside"),
        path.symlink_to("up/secret"),
    )[0],
}


@pytest.mark.parametrize("name", PLACES)
@pytest.mark.parametrize("has_git", [True, False])
def test_what_is_no_file_of_the_repository_is_not_read(
    tmp_path: Path, name: str, *, has_git: bool
) -> None:
    folder = tmp_path / "work" / "folder"
    folder.mkdir(parents=True)
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret").write_text(SECRET, encoding="utf-8")
    if has_git:
        (tmp_path / "work" / ".git").mkdir()
    path = folder / "waivers.yaml"
    PLACES[name](path)
    if name == "a file outside":
        path.unlink()
        path.symlink_to("../../outside/secret")
    with pytest.raises(ConfigurationError) as refused:
        read_text(path)
    assert SECRET not in str(refused.value) + refused.value.hint
    assert str(refused.value).startswith("waivers.yaml: ")


def test_a_directory_that_leads_out_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "work" / ".git").mkdir(parents=True)
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "waivers.yaml").write_text(SECRET, encoding="utf-8")
    (tmp_path / "work" / "project").symlink_to("../outside")
    with pytest.raises(ConfigurationError, match="a link out of the repository"):
        read_text(tmp_path / "work" / "project" / "waivers.yaml")


def test_a_link_inside_of_the_repository_is_followed(tmp_path: Path) -> None:
    (tmp_path / "work" / ".git").mkdir(parents=True)
    (tmp_path / "work" / "real.toml").write_text("a = 1\n", encoding="utf-8")
    (tmp_path / "work" / "sub").mkdir()
    (tmp_path / "work" / "sub" / "pyproject.toml").symlink_to("../real.toml")
    assert read_toml(tmp_path / "work" / "sub" / "pyproject.toml") == {"a": 1}


# Some end a command at once; the others can be present together.
GROUPS = (
    *(("pyproject.toml",), ("pixi.toml",), ("ci-framework/project/waivers.yaml",)),
    *(("ci-framework/project/baseline.json",), ("ci-framework/files.sha256",)),
    (
        *("uv.lock", "requirements.txt", "setup.cfg", "setup.py", "LICENSE", "tox.ini"),
        *(".pre-commit-config.yaml", "pytest.ini", ".copier-answers.yml", "mkdocs.yml"),
        *("ci-framework/engine.lock", ".github/workflows/x.yml", ".secrets.baseline"),
        *("conftest.py", ".bandit", "x.md"),
    ),
)
COMMANDS = (
    *(("gate", "--only", "lint,format,no-conflict-markers,metadata"), ("changes",)),
    *(("validate",), ("scan", "--only", "bandit"), ("config",), ("packages",)),
)


@pytest.mark.heavy
@pytest.mark.parametrize("names", GROUPS)
def test_no_command_shows_what_a_link_leads_to(
    project: DemoProject, names: tuple[str, ...]
) -> None:
    outside = project.root.parent / "outside"
    # A linter would name it, a parser would show the line.
    outside.write_text(f"x = {SECRET}\n{SECRET} = [{SECRET}\n", encoding="utf-8")
    (project.root.parent / "outside.py").write_text(f"x = {SECRET}\n", encoding="utf-8")
    git(project.root, "init", "--quiet")
    for name in names:
        path = project.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        suffix = ".py" if path.suffix == ".py" else ""
        path.symlink_to(outside.with_suffix(suffix))
    git(project.root, "add", "--all")
    for words in COMMANDS:
        run = project.run(*words)
        files = [p for p in run.reports.rglob("*") if p.is_file()]
        texts = [path.read_text("utf-8", "replace") for path in files]
        shown = [text for text in (run.stdout, run.stderr, *texts) if SECRET in text]
        assert not shown, (words, shown)


@pytest.mark.heavy
def test_validation_refuses_endless_aliases_of_other_tools(
    project: DemoProject,
) -> None:
    names = (".github/workflows/x.yml", ".pre-commit-config.yaml")
    for name in names:
        project.write(name, NESTED)
    run = project.run("validate", timeout=60)
    assert run.code == 2, str(run)
    assert all(f"{name}: configuration" in run.stdout for name in names), run.stdout
    assert run.stdout.count("its aliases expand to more than") == len(names)


def test_a_file_that_no_machine_can_hold_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "pyproject.toml"
    with file.open("wb") as stream:
        stream.truncate(2**40)
    with pytest.raises(ConfigurationError, match="larger than 64 MB"):
        read_toml(file)
