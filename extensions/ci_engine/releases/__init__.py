"""Releases of a project: what has to hold before a version is tagged and published."""
