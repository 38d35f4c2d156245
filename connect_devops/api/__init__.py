"""The REST API under /public/v1."""
