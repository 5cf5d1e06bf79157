"""The engine of ci-framework: one implementation for local use and for CI.

The version below is the framework's only version number: the package metadata,
the rendered configuration and the reports read it from here.
"""

__version__ = "3.0.0"
