"""Kept answers of an idempotent view: what is stored of one, and how it is sent again."""

from __future__ import annotations

import base64
import json
from typing import Any

from flask import Response, jsonify

from payments_app.core.web import headers
from payments_app.core.web.http import ProblemError
from payments_app.core.web.idempotency_stores import Held

REPLAYED_HEADER = "X-Idempotency-Replayed"


def answer_held(held: Held, fingerprint: str) -> Response:
    """The answer that is held, sent again.

    Raises ProblemError 422 for another request, and 409 for one under way or without an answer.
    """
    stored = json.loads(held.value)
    if stored["fingerprint"] != fingerprint:
        raise ProblemError(
            422,
            "idempotency_key_reuse",
            "This Idempotency-Key was used for another request. Send a new key.",
        )
    if "claim" in stored:
        raise ProblemError(
            409,
            "idempotency_conflict",
            "A request with this key is under way. Send the same one again in a moment.",
            headers={"Retry-After": str(held.seconds)},
        )
    if stored["status"] is None:
        raise ProblemError(
            409, "idempotency_conflict", "A request with this key was answered already."
        )
    response = Response(
        base64.b64decode(stored["body"]), stored["status"], content_type=stored["content_type"]
    )
    if stored["location"] is not None:
        response.headers["Location"] = stored["location"]
    response.headers[REPLAYED_HEADER] = "true"
    return headers.private(response)


def refusal(problem: ProblemError) -> Response:
    """The problem as JSON, where the application answers none itself."""
    response = jsonify(problem.body())
    response.status_code = problem.status
    response.headers.extend(problem.headers)
    return headers.private(response)


def kept_answer(fingerprint: str, response: Response, *, replay: bool) -> dict[str, Any]:
    """What is stored of an answer. Cookies are never kept: they are of the browser that got
    them."""
    kept: dict[str, Any] = {"fingerprint": fingerprint, "status": None}
    if replay:
        response.direct_passthrough = False
        kept |= {
            "status": response.status_code,
            "body": base64.b64encode(response.get_data()).decode(),
            "content_type": response.content_type,
            "location": response.headers.get("Location"),
        }
    return kept
