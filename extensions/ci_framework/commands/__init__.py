"""The commands: each parses nothing, it is told what was asked for."""
