"""Scan a repository for issues, secrets and known vulnerabilities."""
