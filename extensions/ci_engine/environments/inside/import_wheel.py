"""Import an installed distribution. Runs where only it is installed: stdlib only.

Usage: ``python -I import_wheel.py NAME``; the last line it prints is JSON: the imported
modules and packages, the failed imports, and the commands whose targets do not
exist.
"""

from __future__ import annotations

import importlib
import json
import sys
import traceback
from importlib.machinery import EXTENSION_SUFFIXES
from importlib.metadata import distribution
from pathlib import Path, PurePosixPath

SUFFIXES = (*EXTENSION_SUFFIXES, ".py")


def modules_of(files: list[PurePosixPath]) -> list[str]:
    """The outermost modules; for a namespace package, those inside it."""
    packages = {
        path.parts[:-1] for path in files if path.name.partition(".")[0] == "__init__"
    }
    found: dict[str, None] = {}
    for path in files:
        if path.name.endswith(SUFFIXES) and path.parts[0] != "..":
            stem = (*path.parts[:-1], path.name.partition(".")[0])
            outer = [stem[:n] for n in range(1, len(stem)) if stem[:n] in packages]
            name = (outer or [stem])[0]
            if all(part.isidentifier() for part in name):
                found[".".join(name)] = None
    return list(found)


def failure_of(module: str, error: BaseException, files: set[str]) -> dict[str, object]:
    """The error, and the distribution's file in which it occurred."""
    top = Path(str(distribution(sys.argv[1]).locate_file("")))
    location, line = "", 0
    for frame in traceback.extract_tb(error.__traceback__):
        path = Path(frame.filename)
        if path.is_relative_to(top) and path.relative_to(top).as_posix() in files:
            location, line = path.relative_to(top).as_posix(), frame.lineno or 0
    return {
        "module": module,
        "error": type(error).__name__,
        "message": str(error),
        "missing": getattr(error, "name", None) or "",
        "path": location,
        "line": line,
    }


def import_one(module: str, files: set[str]) -> dict[str, object] | None:
    """Import a module; any exception is a failure, even SystemExit."""
    try:
        importlib.import_module(module)
    except BaseException as error:
        return failure_of(module, error, files)
    return None


def broken_scripts(tops: set[str]) -> list[dict[str, str]]:
    """The commands whose module or function is not in the distribution.

    A missing module of others is accepted: the command may need an extra.
    """
    found: list[dict[str, str]] = []
    for entry in distribution(sys.argv[1]).entry_points:
        if entry.group not in ("console_scripts", "gui_scripts") or entry.extras:
            continue
        try:
            entry.load()
        except BaseException as error:
            missing = str(getattr(error, "name", None) or "").partition(".")[0]
            ours = isinstance(error, ModuleNotFoundError) and missing in tops
            if ours or isinstance(error, AttributeError):
                script = f"{entry.name} = {entry.value}"
                found.append({"script": script, "message": str(error)})
    return found


def stated_versions(modules: list[str]) -> dict[str, str]:
    """The ``__version__`` of each module that defines it."""
    loaded = {name: sys.modules.get(name) for name in modules}
    found = {name: getattr(each, "__version__", "") for name, each in loaded.items()}
    return {name: str(text) for name, text in found.items() if isinstance(text, str)}


def main() -> None:
    """Import all modules and print the results."""
    files = [PurePosixPath(str(file)) for file in distribution(sys.argv[1]).files or []]
    modules = modules_of([path for path in files if "__pycache__" not in path.parts])
    names = {path.as_posix() for path in files}
    failures = [fail for module in modules if (fail := import_one(module, names))]
    scripts = broken_scripts({module.partition(".")[0] for module in modules})
    result = {
        "version": distribution(sys.argv[1]).version,
        "stated": stated_versions(modules),
        "modules": modules,
        "failures": failures,
        "scripts": scripts,
    }
    sys.stdout.write(f"\n{json.dumps(result)}\n")
    sys.stdout.flush()


main()
