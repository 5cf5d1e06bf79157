"""What the gate of one package needs beside what every gate needs."""

from __future__ import annotations

import threading
from collections.abc import Callable

from ci_engine.configuration.settings import Tier
from ci_engine.environments.environment import Environment
from ci_engine.environments.package_environment import prepare_package
from ci_engine.monorepo.view import PackageView

__all__ = ["prepared_for"]


def prepared_for(
    view: PackageView, tier: Tier, python: str
) -> Callable[[threading.Event], Environment] | None:
    """What prepares the environment of a package.

    The package at the top of the repository has the repository's own environment,
    unless pip would look for the other packages on an index.
    """
    alone = view.top.manager != "pip" or not view.package.depends_on
    if not view.project.prefix and alone:
        return None
    return lambda cancel: prepare_package(view, tier, python, cancel)
