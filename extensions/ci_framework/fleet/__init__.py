"""Run one command on many repositories; none of them can stop the others."""
