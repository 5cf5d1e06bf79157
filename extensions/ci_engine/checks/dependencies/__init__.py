"""Dependencies: audit, lock files and declared imports."""
