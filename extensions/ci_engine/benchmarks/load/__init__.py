"""Load tests: a locust file against a server that the run starts and stops."""
