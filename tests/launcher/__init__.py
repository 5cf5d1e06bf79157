"""Tests of how the engine is found, fetched, kept and started."""
