"""The purposes of commands, actions and names."""
