"""Findings and results, their severity, fingerprints and baseline."""
