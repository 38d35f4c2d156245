"""How much of the chaos is wanted."""

from __future__ import annotations

import os

FULL = os.environ.get("CHAOS", "full") != "short"
"""Whether all is played at the size that the promises name; ``CHAOS=short`` plays less of it."""
