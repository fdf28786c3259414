"""Uploaded files, https://docs.stripe.com/file-upload."""

from typing import Any

from stripe_sandbox.call import Call
from stripe_sandbox.errors import ApiError
from stripe_sandbox.multipart import Upload
from stripe_sandbox.params import choice
from stripe_sandbox.routing import route
from stripe_sandbox.store import Object

EVIDENCE = "dispute_evidence"
_LARGEST = 5 * 1024 * 1024
_BEGINNINGS = {b"%PDF-": "pdf", b"\x89PNG\r\n\x1a\n": "png", b"\xff\xd8\xff": "jpg"}
_KEPT = 7 * 30 * 24 * 3600  # seconds


def _upload(value: Any, name: str) -> Upload:
    if not isinstance(value, Upload):
        raise ApiError(400, "Invalid file", param=name)
    return value


@route(
    "POST",
    "/v1/files",
    {"file": _upload, "purpose": choice(EVIDENCE)},
    required=("file", "purpose"),
)
def create(call: Call, params: dict[str, Any]) -> Object:
    """Only what may be evidence is taken here."""
    upload: Upload = params["file"]
    kind = next((k for start, k in _BEGINNINGS.items() if upload.content.startswith(start)), None)
    if kind is None:
        raise ApiError(
            400,
            f"Files of purpose {EVIDENCE} must be one of the following types: jpg, pdf, png.",
            param="file",
        )
    if len(upload.content) > _LARGEST:
        raise ApiError(400, f"The file is larger than {_LARGEST} bytes.", param="file")
    made = call.new(
        "file",
        "file",
        filename=upload.filename,
        purpose=params["purpose"],
        size=len(upload.content),
        title=None,
        type=kind,
    )
    del made["livemode"]  # a file has none
    made |= {
        "expires_at": made["created"] + _KEPT,
        "links": {
            "object": "list",
            "data": [],
            "has_more": False,
            "url": f"/v1/file_links?file={made['id']}",
        },
        "url": f"https://files.stripe.com/v1/files/{made['id']}/contents",
    }
    return call.put(made)


@route("GET", "/v1/files/{file_id}")
def retrieve(call: Call, _params: dict[str, Any], file_id: str) -> Object:
    return call.get(file_id, "file")
