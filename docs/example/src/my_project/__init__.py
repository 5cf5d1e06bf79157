"""The package of my-project."""

from importlib.metadata import version

__all__ = ["__version__"]

_DISTRIBUTION = "my-project"

__version__ = version(_DISTRIBUTION)
