"""Measure how long it takes to find the packages of a large monorepo.

Usage: ``uv run tests/benchmarks/packages.py [--packages N] [--files N]``. It writes a
repository with that many packages and Python files into a temporary directory, each
package needing three others by declaration or by import, and times one analysis.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from ci_engine.monorepo.package_graph import packages_graph
from ci_engine.monorepo.package_model import Graph
from ci_engine.project.repository import read_project

NEEDS = 3
_BODY = "\n".join(f"def f{n}(x: int) -> int:\n    return x + {n}\n" for n in range(20))


def large_monorepo(root: Path, packages: int, files: int) -> Path:
    """Write a repository; every other package imports what it does not declare."""
    chance = random.Random(1)  # noqa: S311 - always the same repository
    each = files // packages
    for number in range(packages):
        folder = root / "packages" / f"pkg-{number:03}"
        code = folder / "src" / f"pkg_{number:03}"
        code.mkdir(parents=True)
        (folder / "tests").mkdir()
        needs = sorted(chance.sample(range(number), min(number, NEEDS)))
        listed = [f'"pkg-{n:03}"' for n in needs] if number % 2 else []
        head = f'[project]\nname = "pkg-{number:03}"\nversion = "1"\n'
        manifest = f"{head}dependencies = [{', '.join(listed)}]\n"
        (folder / "pyproject.toml").write_text(manifest, encoding="utf-8")
        imports = "\n".join(f"from pkg_{n:03} import mod_1" for n in needs)
        for module in range(each - 3):
            text = f'"""Module."""\n\nimport os\n{imports}\n\n{_BODY}'
            (code / f"mod_{module}.py").write_text(text, encoding="utf-8")
        (code / "__init__.py").write_text("", encoding="utf-8")
        test = f"from pkg_{number:03} import mod_1\n"
        (folder / "tests" / f"test_{number}.py").write_text(test, encoding="utf-8")
    subprocess.run(["git", "init", "--quiet"], cwd=root, check=True)
    return root


def measure(root: Path) -> tuple[float, Graph]:
    """The seconds of one analysis, and what it found."""
    started = time.monotonic()
    graph = packages_graph(read_project(root))
    return time.monotonic() - started, graph


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--packages", type=int, default=300)
    parser.add_argument("--files", type=int, default=10_000)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = large_monorepo(Path(folder), asked.packages, asked.files)
        seconds, graph = measure(root)
    edges = sum(len(package.depends_on) for package in graph.packages)
    found = f"{len(graph.packages)} packages, {edges} dependencies"
    sys.stdout.write(f"{asked.files} files, {found}: {seconds:.2f} s\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
