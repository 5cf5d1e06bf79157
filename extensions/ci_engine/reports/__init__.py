"""What was found, in each form that somebody reads."""
