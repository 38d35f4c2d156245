"""How much of the chaos is wanted: all of it, or with ``CHAOS=short`` as much as a run of all tests has time for."""

from __future__ import annotations

import os

FULL = os.environ.get("CHAOS") != "short"
"""Whether all is played at the size that the promises name."""

HISTORIES = 10_000 if FULL else 1_000
"""How many random histories are played."""
