"""Start MCP servers, talk to them, and compare them with their snapshot."""
