"""Compare the benchmarks of two commits, measured side by side."""
