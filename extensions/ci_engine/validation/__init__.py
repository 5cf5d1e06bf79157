"""The parts of ``ci validate``: what is checked in which file."""
