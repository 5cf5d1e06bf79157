"""What people read: tables, diffs and the report for a pull request."""
