"""Import path of existing tools: the steps of a deployment."""

from connect_eaas.deployment.environment import get_git_data, process_variables, stop_environment
from connect_eaas.deployment.errors import DeploymentError
from connect_eaas.deployment.manifest import extract_arguments, preprocess_variables
from connect_eaas.deployment.service import create_extension, get_category, update_extension

__all__ = [
    "DeploymentError",
    "create_extension",
    "extract_arguments",
    "get_category",
    "get_git_data",
    "preprocess_variables",
    "process_variables",
    "stop_environment",
    "update_extension",
]
