"""Which results are still owed to the platform, without I/O.

A result stays here until the platform has it. Where both sides agreed on acknowledgements that is when the `ack` came;
elsewhere it is when an open socket took it. After a lost connection everything unconfirmed is due again, in the order
in which it arose. Facts: ``reference/wishes.md`` (runner reliability) and docs/protocol.md.

The outbox also answers whether a delivery is known already, so that no work is done twice:

* an unconfirmed *final* result (success, skip, fail) answers any lease of its task: the work is done, the platform
  merely has not heard of it. ``retry`` and ``reschedule`` ask for another run, so a new lease runs;
* a confirmed result answers the same lease again. Without acknowledgements nothing promises that each delivery has a
  lease of its own, so there only ``success`` and ``skip`` are repeated: a platform never delivers those on purpose.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

from connect_eaas.protocol.messages import Task, TaskOutput

__all__ = ["Outbox"]

_FINAL: Final = frozenset({"success", "skip", "fail"})
_NEVER_REDELIVERED: Final = frozenset({"success", "skip"})


class Outbox:
    """Results on their way.

    Args:
        remembered: how many settled results are remembered to answer duplicate deliveries.
    """

    def __init__(self, *, remembered: int = 1000) -> None:
        self._remembered = remembered
        # By lease, oldest first.
        self._owed: dict[str, Task] = {}
        # Leases that the present connection has not taken yet, in the order in which they became due.
        self._due: dict[str, None] = {}
        # Task id → leases of its owed final results, oldest first.
        self._final: dict[str, dict[str, None]] = {}
        # Outputs by lease, oldest first, and whether the platform confirmed them.
        self._settled: OrderedDict[str, tuple[TaskOutput, bool]] = OrderedDict()

    def __len__(self) -> int:
        """How many results are still owed."""
        return len(self._owed)

    def __contains__(self, lease: object) -> bool:
        return lease in self._owed

    @property
    def leases(self) -> list[str]:
        """Leases whose results are owed, oldest first."""
        return list(self._owed)

    @property
    def results(self) -> list[Task]:
        """The results that are owed, oldest first."""
        return list(self._owed.values())

    def put(self, result: Task) -> None:
        """A result exists; it is due at once. A newer result of the same lease replaces an older one.

        Raises:
            ValueError: the task has no output.
        """
        output, options = result.output, result.options
        if output is None:
            raise ValueError(f"task {options.task_id} has no output: it is not a result")
        lease = options.lease
        self._settled.pop(lease, None)
        self._drop_owed(lease)
        self._owed[lease] = result
        self._due[lease] = None
        if output.result in _FINAL:
            self._final.setdefault(options.task_id, {})[lease] = None

    @property
    def waiting(self) -> int:
        """How many results the present connection has not taken yet."""
        return len(self._due)

    def due(self) -> list[Task]:
        """Results that the present connection has not taken yet, oldest first."""
        return [self._owed[lease] for lease in self._due]

    def handed_over(self, lease: str, *, acknowledged_later: bool) -> bool:
        """An open socket took the result; without acknowledgements that settles it.

        Returns:
            True if the result is forgotten now.
        """
        if lease not in self._owed:
            return False
        self._due.pop(lease, None)
        if acknowledged_later:
            return False
        self._settle(lease, acknowledged=False)
        return True

    def acknowledged(self, lease: str) -> bool:
        """The platform settled the result.

        Returns:
            True if it was owed.
        """
        return self._settle(lease, acknowledged=True)

    def connection_lost(self) -> None:
        """Whatever is unconfirmed is due again on the next connection."""
        self._due = dict.fromkeys(self._owed)

    def answer(self, delivery: Task) -> Task | None:
        """The known result for a delivered task, under the delivery's own lease; None if it has to run."""
        lease = delivery.options.lease
        if lease in self._owed:
            output = self._owed[lease].output
        elif lease in self._settled:
            output, acknowledged = self._settled[lease]
            if not acknowledged and output.result not in _NEVER_REDELIVERED:
                return None
        else:
            leases = self._final.get(delivery.options.task_id)
            output = self._owed[next(reversed(leases))].output if leases else None
        return None if output is None else delivery.answered(output)

    def _settle(self, lease: str, *, acknowledged: bool) -> bool:
        result = self._drop_owed(lease)
        if result is None or result.output is None:
            return False
        self._settled[lease] = (result.output, acknowledged)
        if len(self._settled) > self._remembered:
            self._settled.popitem(last=False)
        return True

    def _drop_owed(self, lease: str) -> Task | None:
        result = self._owed.pop(lease, None)
        if result is None:
            return None
        self._due.pop(lease, None)
        leases = self._final.get(result.options.task_id)
        if leases is not None:
            leases.pop(lease, None)
            if not leases:
                del self._final[result.options.task_id]
        return result
