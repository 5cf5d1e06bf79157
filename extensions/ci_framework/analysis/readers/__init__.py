"""Read files with the line of every value; nothing is executed."""
