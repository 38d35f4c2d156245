"""The test kit for authors: pytest plugin, clients, task harness."""
