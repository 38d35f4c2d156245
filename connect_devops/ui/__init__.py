"""The pages of the platform, drawn on the server."""
