"""Which bytes an adoption changes, and why."""
