"""An extension for every event of its type."""
