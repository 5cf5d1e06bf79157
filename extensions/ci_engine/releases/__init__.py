"""Check the releases of a project before a version is tagged and published."""
