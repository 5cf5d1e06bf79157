"""GitHub workflows and pipelines of other systems."""
