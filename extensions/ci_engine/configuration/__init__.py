"""The settings, their defaults and their schemas."""
