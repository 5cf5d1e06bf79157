"""The commands; each gets its parsed options."""
