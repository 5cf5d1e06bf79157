"""What the repository is: its manager, layout, files and git."""
