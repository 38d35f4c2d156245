"""Import path of existing tools: what a runner's connection fails with."""

from connect_eaas.runner.connection import MaintenanceError

__all__ = ["MaintenanceError"]
