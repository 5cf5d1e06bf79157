"""Write results in all report formats."""
