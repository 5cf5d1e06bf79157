"""Which tests a change can break: the import graph, and rules for what it lacks."""
