"""Read the settings of a change's base commit.

A change must not decide what is reported about it: its new settings count once they
are merged.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path

from ci_engine.configuration.loading import load_configuration
from ci_engine.configuration.settings import Settings
from ci_engine.errors import ConfigurationError
from ci_engine.project.git import Git

_FILES = ("pyproject.toml", "ci-framework.toml")


def read_base_settings(
    root: Path, commit: str, variables: Mapping[str, str]
) -> Settings | None:
    """Read the settings of a commit; None if they cannot be read.

    Args:
        root: the repository.
        commit: the base of the change.
        variables: the environment, whose settings always count.
    """
    git = Git(root)
    with tempfile.TemporaryDirectory() as directory:
        for name in _FILES:
            # A link is listed with another mode, and its content is a path.
            listed = git.run("ls-tree", "-z", commit, "--", name).stdout
            if listed.startswith("100"):
                content = git.run("cat-file", "blob", f"{commit}:./{name}").raw
                Path(directory, name).write_bytes(content)
        try:
            return load_configuration(Path(directory), variables).settings
        except ConfigurationError:
            return None
