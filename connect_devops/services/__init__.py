"""Use cases of the platform; one method, one transaction."""
