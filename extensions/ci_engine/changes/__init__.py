"""Detect changes: from an event to a diff, its categories and a decision."""
