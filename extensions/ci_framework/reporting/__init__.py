"""Output for people: tables, diffs and the report for a pull request."""
