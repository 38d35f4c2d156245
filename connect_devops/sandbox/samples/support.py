"""Samples of what goes on around a product: its translations and the cases of its helpdesk."""

from __future__ import annotations

from typing import Any, Final

from connect_devops.sandbox.samples.scene import SOMEBODY, Scene, short
from connect_devops.sandbox.samples.words import Words
from connect_devops.sandbox.world import World

__all__ = ["helpdesk_case", "translation"]

_TEXTS: Final = 24
_STEPS: Final = {
    "pending": ("pending",),
    "inquiring": ("pending", "inquiring"),
    "resolved": ("pending", "resolved"),
    "closed": ("pending", "resolved", "closed"),
}
"""Which states a case has been in, by its present one."""


def translation(world: World, scene: Scene, words: Words, status: str) -> dict[str, Any]:
    """A translation of the product into Spanish, not stored. Its status is no matter of the event."""
    now = world.now()
    translated = words.number(1, _TEXTS)
    return {
        "id": f"TRN-{words.digits(4, 4, 4)}",
        "context": {
            "id": f"LCX-{words.digits(4, 4, 3)}",
            "instance_id": scene.product["id"],
            "name": scene.product.get("name", ""),
            "icon": scene.product.get("icon", ""),
            "type": "product",
        },
        "owner": scene.vendor,
        "locale": {"id": "ES-AR", "name": "Spanish (Argentina)"},
        "description": "A translation of the local platform.",
        "stats": {"total": _TEXTS, "translated": translated},
        "auto": {"enabled": False, "status": "off"},
        "status": status,
        "primary": False,
        "events": {"created": {"at": now, "by": SOMEBODY}, "updated": {"at": now, "by": SOMEBODY}},
    }


def helpdesk_case(world: World, scene: Scene, words: Words, state: str) -> dict[str, Any]:
    """A question of the provider to the vendor about the product, not stored."""
    stamp = {"at": world.now(), "by": SOMEBODY}

    def side(account: dict[str, Any]) -> dict[str, Any]:
        return {"account": account, "agent": SOMEBODY, "recipients": [SOMEBODY]}

    case: dict[str, Any] = {
        "id": f"CA-{words.digits(3, 3, 3)}",
        "product": short(scene.product),
        "subject": "Seats are missing",
        "description": "A customer bought ten seats and sees nine of them.",
        "priority": words.number(0, 3),
        "state": state,
        "type": "technical",
        "issuer": side(scene.provider),
        "receiver": side(scene.vendor),
        "events": {name: dict(stamp) for name in ("created", "updated", *_STEPS[state])},
    }
    if state == "closed":
        case.update(rating=5, feedback="Thank you.")
    return case
