"""Plan the changes of an adoption, byte by byte, with reasons."""
