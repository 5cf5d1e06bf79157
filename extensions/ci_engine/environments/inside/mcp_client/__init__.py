"""The client of ``ci mcp check``: runs with the official SDK, apart from the engine.

Usage: ``python -c "…" JOB REPORT``, with the parent directory on the path. It
observes a server without judging: the report describes what happened.
"""
