"""MCP servers: start them, speak with them, compare them with what they were."""
