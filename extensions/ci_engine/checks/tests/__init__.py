"""Tests, coverage and imports."""
