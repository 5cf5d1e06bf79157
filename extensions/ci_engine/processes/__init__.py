"""Run programs: time limits, process groups, signals and file locks."""
