"""Build and metadata of distributions."""
