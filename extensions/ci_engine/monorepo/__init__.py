"""The packages of a monorepo: what they are, and what depends on what."""
