"""pictures: the picture of a product, as it is read from a file and as browsers get it.

It lies in the database: so a backup has it, each process of each machine, and a host application.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from payments_app.config_checks.svg import size_of_svg
from payments_app.orders.product_models import ProductPicture

MOST_BYTES = 200_000
MEDIA_TYPES = {
    "svg": "image/svg+xml",
    "png": "image/png",
    "jpeg": "image/jpeg",
    "webp": "image/webp",
}
_NAME = re.compile(rf"([0-9a-f]{{64}})\.({'|'.join(MEDIA_TYPES)})")
_BEGINNINGS = {
    "png": re.compile(rb"\x89PNG\r\n\x1a\n"),
    "jpeg": re.compile(rb"\xff\xd8\xff"),
    "webp": re.compile(rb"RIFF....WEBP", re.DOTALL),
}


@dataclass(frozen=True)
class Picture:
    """A picture; `type` is a key of MEDIA_TYPES, `sha256` in hexadecimal digits."""

    type: str
    sha256: str
    content: bytes


def read_picture(path: Path) -> Picture:
    """The picture in a file. What it is is told by its bytes, whatever the file is called.

    Raises ValueError with a sentence for what it must be.
    """
    with path.open("rb") as file:
        content = file.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise ValueError(f"A picture has at most {MOST_BYTES // 1000} kB.")
    return Picture(_type_of(content), hashlib.sha256(content).hexdigest(), content)


def picture_named(session: Session, name: str) -> Picture | None:
    """The picture of this name, whichever product has it; None where none has it any more."""
    found = _NAME.fullmatch(name)
    if found is None:
        return None
    content = session.scalar(
        select(ProductPicture.content)
        .where(ProductPicture.sha256 == found[1], ProductPicture.type == found[2])
        .limit(1)
    )
    return None if content is None else Picture(found[2], found[1], content)


def _type_of(content: bytes) -> str:
    for kind, beginning in _BEGINNINGS.items():
        if beginning.match(content):
            return kind
    try:
        size_of_svg(content)
    except ValueError as error:
        raise ValueError(f"A picture is a PNG, a JPEG, a WebP, or {error}.") from error
    return "svg"
