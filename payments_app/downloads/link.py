"""link: the signed address of a file that was bought."""

from __future__ import annotations

from payments_app.core.web import links

PURPOSE, PATH = "download", "/downloads/"


def link_to(purchase_id: str) -> str:
    """An absolute address of the file, good for as long as deliver says."""
    return links.absolute(PATH + links.sign(PURPOSE, purchase_id))
