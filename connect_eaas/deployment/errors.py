"""What can go wrong in a deployment.

::

    SdkError
    └── DeploymentError      the deployment stopped; the text says where and what to do
        └── GitError         the repository cannot be read (``GitException`` for existing tools)
"""

from __future__ import annotations

from connect_eaas.errors import SdkError

__all__ = ["DeploymentError", "GitError", "GitException"]


class DeploymentError(SdkError):
    """The deployment stopped; the text names the file, field or step, and never holds a secret."""


class GitError(DeploymentError):
    """The repository cannot be read: wrong address, no access, no such tag, or no answer in time."""


GitException = GitError
"""The name that existing tools catch."""
