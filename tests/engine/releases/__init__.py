"""Releases of a project."""
