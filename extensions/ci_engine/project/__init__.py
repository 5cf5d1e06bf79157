"""The facts about a repository: its manager, layout, files and git."""
