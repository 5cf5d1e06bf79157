"""Write the files that are generated from other files of this repository.

Run it with ``uv run .ci/generate.py`` after a change to ``template/``,
``copier.yml`` or ``extensions/``. It writes:

- ``extensions/jinja/static-files.jinja``: the hashes of framework files that every
  project gets unchanged,
- ``actions/*/action.yml``: the actions of the template for other repositories, where
  the engine has another path,
- ``docs/example/``: the default render,
- ``.github/workflows/python-ci.yml``: the workflow that other repositories call.

With ``--check`` it writes nothing and exits with 1 if a file is out of date.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import shutil
import sys
import tempfile
from pathlib import Path

import jinja2
from copier import run_copy

ROOT = Path(__file__).resolve().parent.parent
TEMPLATE = Path("template")
HASHES = Path("extensions") / "jinja" / "static-files.jinja"
EXAMPLE = Path("docs") / "example"
REUSABLE = Path(".github") / "workflows" / "python-ci.yml"
REUSABLE_SOURCE = Path("extensions") / "jinja" / "reusable-python-ci.jinja"
HOME = "https://github.com/MementoRC/ci-framework"
PREFIX = "{{ github_prefix }}"
# The path of the engine in actions: in the repository, and in the clone of an action.
RENDERED_ENGINE, OWN_ENGINE = b"/../../../ci-framework/ci", b"/../../ci"

_HEADER = """\
{# The hashes of the files below template/ that are rendered as they are: their
   content has no place for Jinja. Written by `uv run .ci/generate.py`.
   Import it `with context`. #}
"""
_OWNED = (".github", "ci-framework")
_LEFT_BY_TOOLS = shutil.ignore_patterns("__pycache__", ".*_cache", ".ci-framework")


def main(arguments: list[str] | None = None, root: Path = ROOT) -> int:
    """Write outdated files, or report them.

    Returns:
        1 if something is outdated and was not written.
    """
    parser = argparse.ArgumentParser(description="Write the generated files.")
    parser.add_argument("--check", action="store_true", help="write nothing")
    check: bool = parser.parse_args(arguments).check
    hashes = {HASHES: static_hashes(root).encode()}
    written = hashes | action_copies(root) | reusable_workflow(root)
    outdated = update(root, written, check=check)
    with tempfile.TemporaryDirectory() as directory:
        # Render the example with current hashes, even with --check.
        template = copy_template(root, Path(directory, "template"))
        (template / HASHES).write_bytes(hashes[HASHES])
        example = render_example(template, Path(directory, "example"))
    current = {path.relative_to(root) for path in files_below(root / EXAMPLE)}
    outdated += update(root, example, check=check)
    for path in sorted(current - example.keys()):
        outdated.append(path)
        if not check:
            (root / path).unlink()
    for path in outdated:
        state = "out of date" if check else "written"
        sys.stdout.write(f"{path.as_posix()}: {state}\n")
    if check and outdated:
        sys.stdout.write("hint: run `uv run .ci/generate.py`\n")
    return int(check and bool(outdated))


def reusable_workflow(root: Path) -> dict[Path, bytes]:
    """The workflow that other repositories call."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(root),
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,  # noqa: S701 - it is YAML
    )
    text = environment.get_template(REUSABLE_SOURCE.as_posix()).render()
    return {REUSABLE: text.encode()}


def static_hashes(root: Path) -> str:
    """The hash of each static file of the framework, as a Jinja dictionary."""
    lines: list[str] = []
    for path in files_below(root / TEMPLATE):
        name = path.relative_to(root / TEMPLATE).as_posix()
        if path.suffix == ".jinja" or not name.startswith(_OWNED):
            continue
        digest = hashlib.sha256(path.read_bytes().replace(b"\r\n", b"\n")).hexdigest()
        key = " ~ ".join(
            "github_prefix" if part == PREFIX else f"'{part}'"
            for part in re.split(f"({re.escape(PREFIX)})", name)
        )
        lines.append(f"  {key}:\n    '{digest}',\n")
    return f"{_HEADER}{{% set hashes = {{\n{''.join(lines)}}} %}}\n"


def action_copies(root: Path) -> dict[Path, bytes]:
    """The actions of the template under the names that other repositories use."""
    actions = root / TEMPLATE / ".github" / "actions"
    return {
        Path("actions", path.parent.name.removeprefix(PREFIX), path.name): (
            path.read_bytes().replace(RENDERED_ENGINE, OWN_ENGINE)
        )
        for path in sorted(actions.glob("*/action.yml"))
    }


def copy_template(root: Path, target: Path) -> Path:
    """Copy Copier's input to a plain directory, so that the render has no commit."""
    target.mkdir()
    shutil.copy2(root / "copier.yml", target)
    for name in ("template", "extensions"):
        shutil.copytree(root / name, target / name, ignore=_LEFT_BY_TOOLS)
    return target


def render_example(template: Path, target: Path) -> dict[Path, bytes]:
    """Render a project with all defaults, as if it came from the usual address."""
    run_copy(str(template), target, defaults=True, quiet=True)
    example = {
        EXAMPLE / path.relative_to(target): path.read_bytes()
        for path in files_below(target)
    }
    answers = EXAMPLE / ".copier-answers.yml"
    example[answers] = re.sub(
        rb"(?m)^_src_path: .*$", f"_src_path: {HOME}".encode(), example[answers]
    )
    return example


def files_below(directory: Path) -> list[Path]:
    """The files below a directory, sorted, without those that tools leave behind."""
    return sorted(
        path
        for path in directory.rglob("*")
        if path.is_file()
        and not path.is_symlink()
        and not {"__pycache__", ".ruff_cache"} & set(path.parts)
    )


def update(root: Path, contents: dict[Path, bytes], *, check: bool) -> list[Path]:
    """Write the files that changed; return their paths."""
    outdated: list[Path] = []
    for name, content in sorted(contents.items()):
        path = root / name
        if path.is_file() and path.read_bytes() == content:
            continue
        outdated.append(name)
        if not check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
    return outdated


if __name__ == "__main__":
    sys.exit(main())
