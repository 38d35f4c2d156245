"""`ccli devops`: the local platform from the command line."""
