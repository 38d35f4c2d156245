"""Connect Extension SDK: what an author of an extension imports."""

__version__ = "0.1.0"
