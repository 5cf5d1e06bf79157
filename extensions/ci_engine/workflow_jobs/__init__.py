"""The jobs of the workflows: matrices, job lists and skips."""
