"""Lint, format, security rules and code policy."""
