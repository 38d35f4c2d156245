"""Helpers for other frameworks; each needs its own extra."""
