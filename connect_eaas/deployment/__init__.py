"""Puts a git tag of an extension into an environment of the platform: ``deploy`` and its parts."""
