"""Workflows of GitHub and pipelines of other systems."""
