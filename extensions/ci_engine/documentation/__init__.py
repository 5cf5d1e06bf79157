"""The documentation: building it, checking the pages, publishing versions of it."""
