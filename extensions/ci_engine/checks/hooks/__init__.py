"""pre-commit hooks."""
