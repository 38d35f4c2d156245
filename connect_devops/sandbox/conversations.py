"""Conversations about objects; clients address them by the object's id too (``POST /conversations/PR-…/messages``)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from connect_devops.domain.account import Identity
from connect_devops.domain.errors import NotFoundError, RuleError, ValidationError
from connect_devops.sandbox import body
from connect_devops.sandbox.kinds import CONVERSATIONS, KINDS, MESSAGES
from connect_devops.sandbox.world import World

__all__ = ["add_message", "close", "create", "delete", "resolve", "update_message"]

_TYPES: Final = ("message", "state_change", "private")


def resolve(world: World, reference: str, by: Identity | None = None) -> dict[str, Any]:
    """The conversation of that id, or the one about the object of that id, which is opened if need be.

    Raises:
        NotFoundError: neither a conversation nor an object has this id.
    """
    with world.services.store.transaction():
        if found := world.find(CONVERSATIONS, reference):
            return found
        for conversation in world.objects.all(CONVERSATIONS.collection):
            if conversation.get("instance_id") == reference:
                return conversation
        for kind in KINDS.values():
            if kind is not CONVERSATIONS and world.find(kind, reference) is not None:
                return _open(world, reference, f"{kind.noun.capitalize()}: {reference}", "conversation", by)
    raise NotFoundError("conversation", reference)


def create(world: World, sent: Mapping[str, Any], by: Identity | None) -> dict[str, Any]:
    """Open a conversation.

    Raises:
        ValidationError: the object's id or the topic is missing.
    """
    instance_id = body.text(sent, "instance_id", required=True, at_most=30) or ""
    topic = body.text(sent, "topic", required=True, at_most=100) or ""
    with world.services.store.transaction():
        return _open(world, instance_id, topic, body.text(sent, "type") or "conversation", by)


def _open(world: World, instance_id: str, topic: str, kind: str, by: Identity | None) -> dict[str, Any]:
    now = world.now()
    conversation = {
        "id": world.new_id(CONVERSATIONS, "CO", 3, 3, 3),
        "instance_id": instance_id,
        "topic": topic,
        "type": kind,
        "status": "open",
        "events": {"created": {"at": now, **_by(by)}, "updated": {"at": now, **_by(by)}},
        "accounts": [{"id": by.account.id, "name": by.account.name}] if by else [],
        "creator": _by(by).get("by", {}),
        "created": now,
    }
    return world.store(CONVERSATIONS, conversation)


def _by(by: Identity | None) -> dict[str, Any]:
    return {"by": {"id": by.key_id, "name": by.key_name}} if by else {}


def add_message(world: World, reference: str, sent: Mapping[str, Any], by: Identity | None) -> dict[str, Any]:
    """Write a message into a conversation.

    Raises:
        NotFoundError; ValidationError: the text is missing or the type unknown; RuleError: it is closed.
    """
    text = body.text(sent, "text", required=True)
    kind = body.text(sent, "type") or "message"
    if kind not in _TYPES:
        raise ValidationError.of("type", f"'{kind}' is none of {', '.join(_TYPES)}.")
    with world.services.store.transaction():
        conversation = resolve(world, reference, by)
        if conversation.get("status") == "closed":
            raise RuleError(f"status: the conversation {conversation['id']} is closed.")
        now = world.now()
        message = {
            "id": world.new_id(MESSAGES, "ME", 3, 3, 3),
            "conversation": conversation["id"],
            "account": {"id": by.account.id, "name": by.account.name} if by else {},
            "created": now,
            "creator": _by(by).get("by", {}),
            "text": text,
            "type": kind,
            "events": {"created": {"at": now, **_by(by)}, "updated": {"at": now}},
        }
        conversation["events"]["updated"] = {"at": now, **_by(by)}
        world.store(CONVERSATIONS, conversation)
        return world.store(MESSAGES, message, parent_id=str(conversation["id"]))


def update_message(
    world: World, reference: str, message_id: str, sent: Mapping[str, Any], by: Identity | None
) -> dict[str, Any]:
    """Change the text of a message.

    Raises:
        NotFoundError; ValidationError: the text is missing.
    """
    text = body.text(sent, "text", required=True)
    with world.services.store.transaction():
        parent = str(resolve(world, reference, by)["id"])
        message = world.get(MESSAGES, message_id, parent_id=parent)
        message["text"] = text
        world.stamp(message, "updated", by)
        return world.store(MESSAGES, message, parent_id=parent)


def close(world: World, reference: str, by: Identity | None) -> dict[str, Any]:
    """Close a conversation; it takes no more messages.

    Raises:
        NotFoundError: there is none.
    """
    with world.services.store.transaction():
        conversation = resolve(world, reference, by)
        conversation["status"] = "closed"
        world.stamp(conversation, "updated", by)
        return world.store(CONVERSATIONS, conversation)


def delete(world: World, conversation_id: str) -> None:
    """Delete a conversation with its messages.

    Raises:
        NotFoundError: there is none.
    """
    with world.services.store.transaction():
        world.get(CONVERSATIONS, conversation_id)
        for message in world.objects.all(MESSAGES.collection, parent_id=conversation_id):
            world.objects.delete(MESSAGES.collection, str(message["id"]), parent_id=conversation_id)
        world.objects.delete(CONVERSATIONS.collection, conversation_id)
