"""Helpdesk cases: what a distributor and a vendor have to tell each other about a product."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from connect_devops.domain.account import Identity
from connect_devops.domain.errors import ValidationError
from connect_devops.sandbox import body
from connect_devops.sandbox.kinds import HELPDESK_CASES
from connect_devops.sandbox.machines import HELPDESK_CASE
from connect_devops.sandbox.world import World

__all__ = ["act"]

_RATINGS: Final = range(1, 6)


def act(world: World, case_id: str, action: str, sent: Mapping[str, Any], by: Identity | None) -> dict[str, Any]:
    """Carry out an action of ``machines.HELPDESK_CASE``; ``close`` may carry ``rating`` (1 to 5) and ``feedback``.

    Raises:
        NotFoundError; RuleError: not possible in the case's state; ValidationError: a field is wrong.
    """
    with world.services.store.transaction():
        case = world.get(HELPDESK_CASES, case_id)
        case["state"] = HELPDESK_CASE.next_status(action, case.get("state"))
        if action == "close":
            rating = sent.get("rating")
            if rating is not None and (isinstance(rating, bool) or rating not in _RATINGS):
                raise ValidationError.of("rating", "This field is a whole number from 1 to 5.")
            feedback = body.text(sent, "feedback")
            case.update({name: value for name, value in (("rating", rating), ("feedback", feedback)) if value})
        return world.change(HELPDESK_CASES, case, by=by, event=str(case["state"]))
