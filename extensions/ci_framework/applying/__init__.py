"""Carry out a plan, finish it after an interruption, and take it back."""
