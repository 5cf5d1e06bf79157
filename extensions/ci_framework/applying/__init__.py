"""Apply a plan, finish it after an interruption, and roll it back."""
