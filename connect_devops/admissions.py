"""Letting browsers in: a code that works once becomes a session, which a cookie names."""

from __future__ import annotations

import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final, Generic, TypeVar

__all__ = ["Admissions"]

_CODE_LIFE: Final = timedelta(minutes=2)
_MOST: Final = 64

T = TypeVar("T")


class Admissions(Generic[T]):
    """Codes and sessions of one platform process; both are forgotten when it ends.

    ``T`` is what a session is allowed to do; whoever makes the code decides that.

    Args:
        real_time: the time outside of the platform: moving the platform's clock must not end a code.
    """

    def __init__(self, real_time: Callable[[], datetime]) -> None:
        self._real_time = real_time
        # Codes are made in the threads of calls, and redeemed on the event loop.
        self._lock = threading.Lock()
        self._codes: OrderedDict[str, tuple[datetime, T]] = OrderedDict()
        self._sessions: OrderedDict[str, T] = OrderedDict()

    def new_code(self, grant: T) -> str:
        """Return a code that opens one session within two minutes."""
        code = secrets.token_urlsafe(24)
        with self._lock:
            self._codes[code] = (self._real_time() + _CODE_LIFE, grant)
            while len(self._codes) > _MOST:
                self._codes.popitem(last=False)
        return code

    def redeem(self, code: str) -> str | None:
        """Return a new session for a code, which is used up; None if it is unknown or too old."""
        with self._lock:
            known = self._codes.pop(code, None)
            if known is None or known[0] < self._real_time():
                return None
            session = secrets.token_urlsafe(32)
            self._sessions[session] = known[1]
            while len(self._sessions) > _MOST:
                self._sessions.popitem(last=False)
            return session

    def grant(self, session: str | None) -> T | None:
        """Return what the session of a browser's cookie may do; None if it is none of ours. Keeps it in use."""
        with self._lock:
            if session is None or session not in self._sessions:
                return None
            self._sessions.move_to_end(session)
            return self._sessions[session]
