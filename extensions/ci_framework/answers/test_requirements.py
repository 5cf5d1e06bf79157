"""Write a requirements file for tests if no group, extra or file has what they need."""

from __future__ import annotations

from collections.abc import Mapping

from ci_framework.inventory import Inventory

TEST_REQUIREMENTS = "ci-framework/project/test-requirements.txt"
# The packages that the engine installs for a project that declares nothing.
INSTALLED_FILES = (
    "requirements.txt",
    "requirements-dev.txt",
    "requirements-test.txt",
)
# The kinds of requirements that each manager's environments can name.
_REACHED = {
    "pip": ("project", "group", "extra", "file"),
    "uv": ("project", "group", "extra"),
    "poetry": ("project", "group", "extra", "poetry"),
    "pixi": ("project", "pixi"),
}


def needs_by_kind(inventory: Inventory) -> dict[str, list[str]]:
    """The locations of the test runner: groups, extras, files."""
    found: dict[str, list[str]] = {}
    for entry in inventory.items("test-requirements"):
        kind, _, name = entry.partition(" ")
        found.setdefault(kind, []).append(name)
    return found


def lacks_runner(inventory: Inventory, answers: Mapping[str, object]) -> bool:
    """Whether the environment of the gate would lack what the tests need."""
    manager = str(answers.get("package_manager"))
    reached = {*_REACHED.get(manager, ())} & {*needs_by_kind(inventory)}
    tests = inventory.items("test-paths")
    runner = inventory.text("test-runner")
    several = answers.get("project_type") == "monorepo"
    if runner in ("unittest", "django", "script", "nbdev"):
        named = {"extra", "group", "project"} & {*needs_by_kind(inventory)}
        return manager == "pip" and not (several or named or _is_file(inventory))
    runs = runner == "pytest" and tests
    if runs and manager == "pip" and len(inventory.items("test-sets")) > 1:
        # Only one of them can be named, and a file contains all requirements.
        return not several
    framework = manager == "pixi" and answers.get("pixi_tiers") == "framework"
    return bool(runs) and not (reached or several or framework)


def _is_file(inventory: Inventory) -> bool:
    """Whether other runners need nothing, or one file that can be named."""
    needs = inventory.items("test-needs")
    files = [f"-r {path}" for path in needs_by_kind(inventory).get("file", [])]
    return not needs or needs in [[line] for line in files]


def written_requirements(
    inventory: Inventory, answers: Mapping[str, object]
) -> list[str]:
    """The lines of the file, with paths from the root; empty without a file."""
    needs = inventory.items("test-needs")
    if answers.get("package_manager") != "pip" or not lacks_runner(inventory, answers):
        return []
    if not needs:
        return []
    listed = [f"-r {path}" for path in inventory.items("requirement-files")]
    return list(dict.fromkeys([*listed, *needs]))
