"""The client of ``ci mcp check``: runs with the official SDK, apart from the engine.

Usage: ``python -c "…" JOB REPORT``, with the directory above this one on the path. It
observes a server and judges nothing: the report says what happened.
"""
