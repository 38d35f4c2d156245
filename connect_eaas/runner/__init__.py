"""The runner: I/O around the protocol (`cextrun`)."""
