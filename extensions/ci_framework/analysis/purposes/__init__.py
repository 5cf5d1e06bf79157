"""What commands, actions and names are for."""
