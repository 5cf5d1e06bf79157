"""From an event to a diff, its categories and a decision with reasons."""
