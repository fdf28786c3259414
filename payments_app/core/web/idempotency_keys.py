"""A client's key, and what tells one request from another."""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

from flask import request
from werkzeug.exceptions import BadRequest

from payments_app.core.web.http import ProblemError

MAX_KEY = 255
_ODD = re.compile(r"[^ -~]|,")


def clean_key(key: str | None, header: str = "Idempotency-Key") -> str | None:
    """A key, stripped; None where there is none.

    Raises ProblemError 400 `idempotency_key_invalid` unless it has 1 to 255 printable ASCII
    characters: others are read in one way in a header (ISO 8859-1, RFC 9110) and in another in a
    form, and would be two keys. None is a comma: a header that came twice reads as one with it
    (RFC 9110, 5.3), and would be a third key. Two quotes alone are an empty string (RFC 9651,
    3.3.3): whoever sends them has no key.
    """
    if key is None:
        return None
    key = key.strip(" \t")
    if not key.strip('" ') or len(key) > MAX_KEY or _ODD.search(key):
        raise ProblemError(
            400,
            "idempotency_key_invalid",
            f"{header} has 1 to {MAX_KEY} printable ASCII characters and no comma, and comes once.",
        )
    return key


def needed_key(key: str | None, header: str = "Idempotency-Key") -> str:
    """The same where a key is required. Raises ProblemError 400 `idempotency_key_missing` too."""
    cleaned = clean_key(key, header)
    if cleaned is None:
        raise ProblemError(
            400, "idempotency_key_missing", f"Send a unique key in the {header} header."
        )
    return cleaned


def fingerprint_of_parameters() -> str:
    """SHA-256 of the request's parameters, sorted: of the path, the query, and the body."""
    content = {
        "path": request.view_args or {},
        "query": sorted(request.args.items(multi=True)),
        "body": _body(),
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()


def _body() -> Any:
    if request.is_json:
        return _json() or _raw()
    if request.form or request.files:
        files = request.files.items(multi=True)
        digests = sorted((name, file.filename or "", _digest(file.stream)) for name, file in files)
        return [sorted(request.form.items(multi=True)), digests]
    return _raw()


def _json() -> str | None:
    """The same for the same object, in whatever order it was written; None for what is none."""
    try:
        return json.dumps(request.get_json(), sort_keys=True)
    except (BadRequest, RecursionError):
        return None


def _raw() -> str:
    return hashlib.sha256(request.get_data()).hexdigest()


def _digest(stream: Any) -> str:
    found = hashlib.sha256(stream.read()).hexdigest()
    stream.seek(0)
    return found
