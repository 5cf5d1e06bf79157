"""Find files of developers that are tracked, and take them out of the repository."""
