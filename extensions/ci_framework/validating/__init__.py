"""Prove that an adoption broke nothing."""
