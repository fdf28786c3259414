"""Bodies of `multipart/form-data`, as uploads of files are sent."""

import re
from dataclasses import dataclass
from typing import Any

from stripe_sandbox.errors import ApiError
from stripe_sandbox.messages import Request

KIND = "multipart/form-data"
_NAME = re.compile(rb'\bname="([^"]*)"')
_FILENAME = re.compile(rb'\bfilename="([^"]*)"')


@dataclass(frozen=True)
class Upload:
    """A part that is a file."""

    filename: str
    content: bytes


def parse(request: Request) -> dict[str, Any]:
    """The parts by name: texts, and uploads. Raises ApiError 400."""
    found: dict[str, Any] = {}
    for part in request.body.split(b"--" + boundary(request))[1:-1]:
        head, _, content = part.partition(b"\r\n\r\n")
        name, filename = _NAME.search(head), _FILENAME.search(head)
        if name is None:
            raise ApiError(400, "Invalid request: a part of the body has no name.")
        content = content.removesuffix(b"\r\n")
        named = name[1].decode(errors="replace")
        found[named] = (
            Upload(filename[1].decode(errors="replace"), content)
            if filename
            else content.decode(errors="replace")
        )
    return found


def boundary(request: Request) -> bytes:
    """What parts the parts of a body, another one each time that it is sent; nothing of a form.
    Raises ApiError 400 where none is named."""
    kind, _, named = request.headers.get("Content-Type", "").partition("; boundary=")
    if kind != KIND:
        return b""
    if not named:
        raise ApiError(400, "Invalid request: the body's parts have no boundary.")
    return named.strip('"').encode()
