"""What a repository is: facts with their evidence. Nothing of it is executed."""
