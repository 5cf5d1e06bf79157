"""GitHub: event payloads, outputs, annotations and comments."""
