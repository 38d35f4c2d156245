"""The web side of the SDK: router, dependency injection, the ASGI application."""
