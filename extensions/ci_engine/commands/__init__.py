"""The commands of the engine, one module each."""
