"""The type of loggers whose records carry fields."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

__all__ = ["LogAdapter"]

if TYPE_CHECKING:
    LogAdapter = logging.LoggerAdapter[logging.Logger]
else:
    LogAdapter = logging.LoggerAdapter  # Not subscriptable before Python 3.11.
