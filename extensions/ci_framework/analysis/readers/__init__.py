"""Files of a repository, read with the line of every value; nothing is executed."""
