"""Interpreters, environments and isolated tools."""
