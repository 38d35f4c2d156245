"""Connect business objects with their actions."""
