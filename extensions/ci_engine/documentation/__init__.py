"""Build the documentation, check its pages, and publish its versions."""
