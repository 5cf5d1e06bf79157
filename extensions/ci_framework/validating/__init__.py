"""Verify that an adoption broke nothing."""
