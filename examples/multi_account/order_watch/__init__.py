"""Tells each account that installs it about large orders."""
