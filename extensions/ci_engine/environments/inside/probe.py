"""Print the content of an environment. Runs in its interpreter: stdlib only.

Usage: ``python probe.py DISTRIBUTION PROGRAM...``; prints one line of JSON with the
version of the interpreter, the source of the distribution, the paths of the
installed programs, and the installed modules.
"""

from __future__ import annotations

import json
import platform
import shutil
import sys
import sysconfig
from importlib.metadata import PackageNotFoundError, distribution, version
from importlib.util import find_spec
from pathlib import Path

MODULES = (
    *("pytest", "pytest_cov", "coverage", "xdist"),
    *("pytest_benchmark", "pytest_codspeed", "pyperf", "locust"),
    *("properdocs", "mkdocs", "zensical", "sphinx"),
)


def _program(name: str) -> str | None:
    """Find a program in this environment, not elsewhere on the machine."""
    scripts = Path(sysconfig.get_path("scripts"))
    folders = (scripts, Path(sys.executable).parent)
    for folder in folders:
        found = shutil.which(name, path=str(folder))
        if found:
            return found
    return None


def _version(distribution: str) -> str:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return ""


def _source(name: str) -> str:
    """The URL that a distribution was installed from, empty for an index."""
    try:
        text = distribution(name).read_text("direct_url.json") if name else ""
    except PackageNotFoundError:
        return ""
    return str(json.loads(text).get("url", "")) if text else ""


def main() -> None:
    """Print the content of the environment."""
    programs = {name: path for name in sys.argv[2:] if (path := _program(name))}
    modules = [name for name in MODULES if find_spec(name)]
    facts = {
        "python": platform.python_version(),
        "free_threaded": bool(sysconfig.get_config_var("Py_GIL_DISABLED")),
        "executable": sys.executable,
        "prefix": sys.prefix,
        "source": _source(sys.argv[1]),
        "programs": programs,
        "modules": modules,
        "versions": {name: _version(name) for name in (*programs, *modules)},
    }
    sys.stdout.write(json.dumps(facts) + "\n")


main()
