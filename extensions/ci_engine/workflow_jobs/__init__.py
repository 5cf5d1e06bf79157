"""The jobs of workflows: matrices, job lists and reasons for skipping."""
