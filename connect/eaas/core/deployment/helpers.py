"""Import path of existing tools: reading git repositories."""

from connect_eaas.deployment.errors import GitException
from connect_eaas.deployment.git import DEFAULT_CLONE_DIR, clone_repo, list_tags
from connect_eaas.deployment.versions import ConnectVersionTag, sort_tags

__all__ = ["DEFAULT_CLONE_DIR", "ConnectVersionTag", "GitException", "clone_repo", "list_tags", "sort_tags"]
