"""How much of the chaos is wanted."""

from __future__ import annotations

import os

FULL = os.environ.get("CHAOS") == "full"
"""Whether all is played at the size that the promises name. That takes a machine with two idle cores about four minutes
longer, so it has to be asked for: ``CHAOS=full``."""
