"""Errors that only the sandbox knows; the others are those of ``connect_devops.domain.errors``."""

from __future__ import annotations

from connect_devops.domain.errors import DevOpsError

__all__ = ["BadAnswerError"]


class BadAnswerError(DevOpsError):
    """The extension gave an answer that the platform does not pass on (REST 502); the text says what to change.

    A permanent redirect is one: a browser would remember it for every later press of the button.
    """
