"""Import path of existing tools: the command ``cextrun``."""

from connect_eaas.runner.main import main

__all__ = ["main"]
