"""Scan a repository for flaws, secrets and known vulnerabilities."""
