"""What holds for every test, however the run was started."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
from hypothesis import settings

# How long an example takes says more about the machine than about the code.
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

# A shell that runs the tests in the background has them, and all their children, ignore Ctrl-C.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

_HERE = Path(__file__).parent
_LONGEST = (_HERE / "integration" / "template", _HERE / "integration" / "cli")
_LONG = (_HERE / "e2e", _HERE / "chaos", _HERE / "integration")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take longest, so that in the end no worker sits over one while the others are done."""

    def place(item: pytest.Item) -> int:
        for number, folders in enumerate((_LONGEST, _LONG)):
            if any(item.path.is_relative_to(folder) for folder in folders):
                return number
        return 2

    items.sort(key=place)
