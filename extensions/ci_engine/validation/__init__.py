"""The checks of ``ci validate``, by kind of file."""
