"""What the supervisor shows of an extension that starts: all of it at first, after a reload what is new in it.

Problems come last: they are what somebody has to act on, and nothing may push them off the screen.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Final

from connect_eaas.runner import console
from connect_eaas.runner.features import FeatureTable

__all__ = ["StartUpTables"]

_log = logging.getLogger("connect.eaas.runner.supervisor")
# What the rows of a table are called when they are counted, by its title; others are counted as what the title says.
_COUNTED: Final[Mapping[str, tuple[str, str]]] = {
    "Event subscriptions": ("event", "events"),
    "Schedulable methods": ("schedulable", "schedulables"),
    "Pages": ("page", "pages"),
    "Anvil callables": ("Anvil callable", "Anvil callables"),
    "Transformations": ("transformation", "transformations"),
    "Variables": ("variable", "variables"),
}
_ENDPOINTS: Final = ("endpoint", "endpoints")


class StartUpTables:
    """Remembers what was shown.

    Args:
        rich: show tables with lines around them.
    """

    def __init__(self, *, rich: bool) -> None:
        self._rich = rich
        self._shown: tuple[FeatureTable, ...] | None = None

    def show(
        self,
        tables: Sequence[FeatureTable],
        problems: Sequence[str],
        *,
        seconds: float,
        ahead: Sequence[FeatureTable] = (),
    ) -> None:
        """Show the tables, after a reload only those that changed, and log the problems.

        Args:
            tables: what the extension can do now.
            problems: what should be different in it.
            seconds: how long the reload took; for the one line that tells of it.
            ahead: tables about other things, shown before.
        """
        before, self._shown = self._shown, tuple(tables)
        if before is None:
            console.print_tables([*ahead, *tables], rich=self._rich)
        else:
            console.print_tables([table for table in tables if table not in before], rich=self._rich)
            _log.info("reloaded in %.1f s: %s", seconds, counted(tables))
        for problem in problems:
            _log.warning("%s", problem)


def counted(tables: Sequence[FeatureTable]) -> str:
    """Say how much of everything there is."""
    numbers: dict[tuple[str, str], int] = {}
    for table in tables:
        words = _COUNTED.get(table.title, _ENDPOINTS)
        numbers[words] = numbers.get(words, 0) + len(table.rows)
    return ", ".join(f"{number} {words[number != 1]}" for words, number in numbers.items()) or "nothing is declared"
