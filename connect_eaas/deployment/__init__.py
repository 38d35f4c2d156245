"""Puts a git tag of an extension into an environment."""
