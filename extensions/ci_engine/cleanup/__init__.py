"""Find tracked stray development files, and remove them from the repository."""
