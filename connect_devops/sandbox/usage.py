"""Usage files, chunks and records: the parts that extensions work with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from connect_devops.domain.account import Identity
from connect_devops.domain.errors import RuleError, ValidationError
from connect_devops.sandbox import body
from connect_devops.sandbox.kinds import CONTRACTS, PRODUCTS, USAGE_CHUNKS, USAGE_FILES, USAGE_RECORDS
from connect_devops.sandbox.machines import USAGE_CHUNK, USAGE_FILE, USAGE_RECORD
from connect_devops.sandbox.world import World

__all__ = [
    "act_on_chunk",
    "act_on_file",
    "close_record",
    "create_file",
    "update_chunk",
    "update_file",
    "update_record",
    "upload",
]

_CHANGEABLE: Final = ("description", "note", "period", "currency", "external_id", "name")
_NOTES: Final[Mapping[str, str]] = {"accept": "acceptance_note", "reject": "rejection_note"}
_STAMPS: Final[Mapping[str, str]] = {
    "upload": "uploaded",
    "reprocess": "uploaded",
    "submit": "submitted",
    "accept": "accepted",
    "reject": "rejected",
    "close": "closed",
    "delete": "deleted",
}


def create_file(world: World, sent: Mapping[str, Any], by: Identity | None) -> dict[str, Any]:
    """Make a usage file in draft.

    Raises:
        ValidationError: the name, the product or the contract is missing or unknown.
    """
    name = body.text(sent, "name", required=True, at_most=100)
    product_id = body.reference_id(sent, "product")
    contract_id = body.reference_id(sent, "contract")
    if product_id is None or contract_id is None:
        raise ValidationError.of(f"{'contract' if product_id else 'product'}.id", "This field is required.")
    with world.services.store.transaction():
        product, contract = world.find(PRODUCTS, product_id), world.find(CONTRACTS, contract_id)
        if product is None:
            raise ValidationError.of("product.id", f"There is no product {product_id}.")
        if contract is None:
            raise ValidationError.of("contract.id", f"There is no contract {contract_id}.")
        moment = world.services.clock.now()
        usage_file: dict[str, Any] = {
            "id": world.new_id(USAGE_FILES, f"UF-{moment:%Y-%m}", 4, 4),
            "name": name,
            "external_id": body.text(sent, "external_id") or "",
            "status": "draft",
            "created_by": by.key_name if by else "",
            "created_at": world.now(),
            "description": body.text(sent, "description", at_most=200) or "",
            "note": body.text(sent, "note") or "",
            "schema": "qt",
            "currency": body.text(sent, "currency", at_most=20) or "USD",
            "period": sent.get("period") or {"from": f"{moment:%Y-%m}-01", "to": f"{moment:%Y-%m-%d}"},
            "vendor": contract.get("owner", {}),
            "provider": contract.get("issuer", {}),
            "environment": contract.get("kind", "preview"),
            "product": {field: product[field] for field in ("id", "name", "icon") if field in product},
            "contract": {field: contract[field] for field in ("id", "name") if field in contract},
            "marketplace": contract.get("marketplace", {}),
            "stats": {"uploaded": 0, "validated": 0, "pending": 0, "accepted": 0, "closed": 0},
            "records": {"valid": 0, "invalid": 0, "closed": 0},
            "events": {},
        }
        return world.change(USAGE_FILES, usage_file, by=by, event="created")


def update_file(world: World, file_id: str, sent: Mapping[str, Any], by: Identity | None) -> dict[str, Any]:
    """Change the descriptive fields of a usage file that is not closed.

    Raises:
        NotFoundError; RuleError: the file is closed or deleted.
    """
    with world.services.store.transaction():
        usage_file = world.get(USAGE_FILES, file_id)
        if USAGE_FILE.is_final(usage_file.get("status")):
            raise RuleError(f"status: a usage file that is {usage_file.get('status')} cannot be changed.")
        usage_file.update({name: sent[name] for name in _CHANGEABLE if name in sent})
        return world.change(USAGE_FILES, usage_file, by=by)


def upload(world: World, file_id: str, file_name: str, size: int, by: Identity | None) -> dict[str, Any]:
    """Take in a spreadsheet: the file is ready at once. The sandbox does not look into the spreadsheet.

    Raises:
        NotFoundError; ValidationError: the spreadsheet is empty; RuleError: not possible in the file's status.
    """
    if not size:
        raise ValidationError.of("usage_file", "The uploaded file is empty.")
    with world.services.store.transaction():
        usage_file = world.get(USAGE_FILES, file_id)
        usage_file["status"] = USAGE_FILE.next_status("upload", usage_file.get("status"))
        usage_file["usage_file_uri"] = f"/public/v1/usage/files/{file_id}/uploaded/{file_name}"
        return world.change(USAGE_FILES, usage_file, by=by, event="uploaded")


def act_on_file(
    world: World, file_id: str, action: str, sent: Mapping[str, Any], by: Identity | None
) -> dict[str, Any]:
    """Carry out an action of ``machines.USAGE_FILE``.

    Raises:
        NotFoundError, ValidationError; RuleError: not possible in the file's status.
    """
    with world.services.store.transaction():
        usage_file = world.get(USAGE_FILES, file_id)
        status = USAGE_FILE.next_status(action, usage_file.get("status"))
        if field := _NOTES.get(action):
            usage_file[field] = body.text(sent, field, required=action == "reject", at_most=200) or ""
        usage_file["status"] = status
        return world.change(USAGE_FILES, usage_file, by=by, event=_STAMPS[action])


def update_chunk(world: World, chunk_id: str, sent: Mapping[str, Any], by: Identity | None) -> dict[str, Any]:
    """Set the external id of a chunk.

    Raises:
        NotFoundError; ValidationError: ``external_id`` is missing.
    """
    external_id = body.text(sent, "external_id", required=True)
    with world.services.store.transaction():
        chunk = world.get(USAGE_CHUNKS, chunk_id)
        chunk["external_id"] = external_id
        return world.change(USAGE_CHUNKS, chunk, by=by)


def act_on_chunk(
    world: World, chunk_id: str, action: str, sent: Mapping[str, Any], by: Identity | None
) -> dict[str, Any]:
    """Close a chunk (``external_billing_id`` is needed) or make it again.

    Raises:
        NotFoundError, ValidationError; RuleError: not possible in the chunk's status.
    """
    with world.services.store.transaction():
        chunk = world.get(USAGE_CHUNKS, chunk_id)
        status = USAGE_CHUNK.next_status(action, chunk.get("status"))
        if action == "close":
            chunk["external_billing_id"] = body.text(sent, "external_billing_id", required=True)
            chunk["external_billing_note"] = body.text(sent, "external_billing_note") or ""
        chunk["status"] = status
        return world.change(USAGE_CHUNKS, chunk, by=by, event="closed" if action == "close" else "regenerated")


def update_record(world: World, record_id: str, sent: Mapping[str, Any], by: Identity | None) -> dict[str, Any]:
    """Set the status of a record.

    Raises:
        NotFoundError; ValidationError: no such status.
    """
    status = body.text(sent, "status", required=True)
    if status not in USAGE_RECORD.statuses:
        raise ValidationError.of("status", f"'{status}' is none of {', '.join(USAGE_RECORD.statuses)}.")
    with world.services.store.transaction():
        record = world.get(USAGE_RECORDS, record_id)
        record["status"] = status
        return world.store(USAGE_RECORDS, record)


def close_record(world: World, record_id: str, sent: Mapping[str, Any], by: Identity | None) -> dict[str, Any]:
    """Close a record with the id of its bill.

    Raises:
        NotFoundError, ValidationError; RuleError: not possible in the record's status.
    """
    with world.services.store.transaction():
        record = world.get(USAGE_RECORDS, record_id)
        status = USAGE_RECORD.next_status("close", record.get("status"))
        record["external_billing_id"] = body.text(sent, "external_billing_id", required=True)
        record["external_billing_note"] = body.text(sent, "external_billing_note") or ""
        record.update(status=status, closed_at=world.now(), closed_by=by.key_name if by else "")
        return world.store(USAGE_RECORDS, record)
