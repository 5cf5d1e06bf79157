"""What docs/generate_reference.py makes the reference of."""
