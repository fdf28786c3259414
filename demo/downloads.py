"""downloads: the digital product of the demo shop."""

from __future__ import annotations

from sqlalchemy.orm import Session

from payments_app.core.db.session import atomic, insert_once
from payments_app.downloads.models import DigitalProduct

_PATTERN = """Field notes: how to fold one

1. Take a sheet of A4, and fold it in half, three times.
2. Open it once. Cut along the middle fold, as far as the next one.
3. Fold it lengthwise, push the ends together, and fold the pages around.
"""


@atomic
def add_demo_downloads(session: Session) -> int:
    """Add the demo's download if it is not there yet; return how many were added."""
    return int(
        insert_once(
            session,
            DigitalProduct,
            slug="folding-pattern",
            name="Folding pattern",
            summary="Make your own field notes from one sheet of paper. A text file.",
            amount=300,
            currency="usd",
            filename="folding-pattern.txt",
            media_type="text/plain; charset=utf-8",
            content=_PATTERN.encode(),
            active=True,
        )
    )
