"""Extension projects: making them from the template, and the commands for it."""
