"""Who may look at the pages: browsers that came with a code which the owner's key has bought."""

from __future__ import annotations

import secrets
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

__all__ = ["COOKIE", "BrowserSessions"]

COOKIE: Final = "connect_devops_session"
_CODE_LIFE: Final = timedelta(minutes=2)
_MOST: Final = 64


class BrowserSessions:
    """Codes and sessions of one platform process; both are forgotten when it ends.

    Args:
        real_time: the time outside of the platform: moving the platform's clock must not end a code.
    """

    def __init__(self, real_time: Callable[[], datetime]) -> None:
        self._real_time = real_time
        self._codes: OrderedDict[str, datetime] = OrderedDict()
        self._sessions: OrderedDict[str, None] = OrderedDict()

    def new_code(self) -> str:
        """Return a code that opens one session within two minutes."""
        code = secrets.token_urlsafe(24)
        self._codes[code] = self._real_time() + _CODE_LIFE
        while len(self._codes) > _MOST:
            self._codes.popitem(last=False)
        return code

    def redeem(self, code: str) -> str | None:
        """Return a new session for a code, which is used up; None if it is unknown or too old."""
        expires = self._codes.pop(code, None)
        if expires is None or expires < self._real_time():
            return None
        session = secrets.token_urlsafe(32)
        self._sessions[session] = None
        while len(self._sessions) > _MOST:
            self._sessions.popitem(last=False)
        return session

    def knows(self, session: str | None) -> bool:
        """Whether a browser's cookie is one of ours."""
        return session is not None and session in self._sessions
