"""One command over many repositories; none of them can stop the others."""
