"""Import path of existing tools: ``connect_eaas.deployment.extension``."""

from connect_eaas.deployment.extension import deploy_extension

__all__ = ["deploy_extension"]
