"""The packages of a monorepo and their dependencies."""
