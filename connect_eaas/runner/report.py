"""What a stop did, for the last line of the log."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["StopReport"]


@dataclass
class StopReport:
    """How a run ended."""

    reason: str = ""
    finished: int = 0
    handed_back: int = 0
    abandoned: int = 0
    undelivered: int = 0
    seconds: float = 0.0

    def add(self, other: StopReport) -> None:
        """Count another process's tasks in; the slowest one's time counts."""
        self.reason = self.reason or other.reason
        self.finished += other.finished
        self.handed_back += other.handed_back
        self.abandoned += other.abandoned
        self.undelivered += other.undelivered
        self.seconds = max(self.seconds, other.seconds)

    def __str__(self) -> str:
        return (
            f"stopped ({self.reason}) in {self.seconds:.1f} s: {self.finished} task(s) finished in this run, "
            f"{self.handed_back} handed back before their start, {self.abandoned} given up while running, "
            f"{self.undelivered} result(s) kept for the next start"
        )
