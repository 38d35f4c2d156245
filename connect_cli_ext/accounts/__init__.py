"""Accounts of the platform: where they are kept, and the commands that manage them."""
