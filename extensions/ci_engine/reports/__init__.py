"""What was found, in each form that someone reads."""
