"""Type checkers."""
