"""Files that Stripe keeps for us. Source: https://docs.stripe.com/file-upload"""

from __future__ import annotations

import io

from payments_app.gateway.client import client, options
from payments_app.gateway.exchange import object_call
from payments_app.gateway.results import Answer


class _NamedFile(io.BytesIO):
    """The SDK reads the name of what it sends."""

    def __init__(self, content: bytes, name: str) -> None:
        super().__init__(content)
        self.name = name


def upload_evidence(content: bytes, filename: str, key: str, account: str | None = None) -> Answer:
    """Keep a file that a dispute is answered with, on the account on which the dispute is. The
    same key keeps it once."""
    return object_call(
        "file_create",
        "file",
        lambda: client().v1.files.create(
            {"file": _NamedFile(content, filename), "purpose": "dispute_evidence"},
            options(account, key),
        ),
    )
