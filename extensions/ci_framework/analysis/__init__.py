"""Facts about a repository, with evidence. No code of it is executed."""
