{% from "answers.jinja" import type, with_web with context %}
{% if with_web and type != 'transformations' %}
"""What the endpoints answer when the Connect API refuses a call of theirs."""

from __future__ import annotations

from connect.client import ClientError
from fastapi import Request
from fastapi.responses import JSONResponse

NOT_THE_CALLER = {401, 403}
"""Refusals of the key with which the extension calls the API: the caller of the extension can do nothing about them."""


def answer_client_error(request: Request, error: ClientError) -> JSONResponse:
    """Answer with the status of the API if it is about what the caller sent (4xx), otherwise with 502.

    The body is ``{"detail": one sentence, "errors": what the API said}``. Without a status nobody answered at all.
    """
    status = error.status_code or 502
    if status in NOT_THE_CALLER or not 400 <= status < 500:
        status = 502
        detail = f"The Connect API failed with {error.status_code}." if error.status_code else "Connect did not answer."
    else:
        detail = f"The Connect API refused with {status}."
    return JSONResponse({"detail": detail, "errors": list(error.errors or [])}, status_code=status)
{% endif %}
