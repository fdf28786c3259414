"""recognise: the customer whom this browser is known to be, because it opened a link that was
mailed to their address. Typing an address makes nobody known."""

from __future__ import annotations

import time

from flask import session as cookie

from payments_app.core import links

LINK_SECONDS = 3600  # of a link that was asked for
MAIL_LINK_SECONDS = 10 * 86_400  # of a link in a mail about a payment that is due
KNOWN_SECONDS = 24 * 3600
_PURPOSE = "customer"


def link_for(customer_id: str, to: str, seconds: int = LINK_SECONDS) -> str:
    """An absolute address that makes whoever opens it known as the customer for a day, and leads
    on to the path `to`. It is good for `seconds`."""
    token = links.sign(_PURPOSE, {"customer": customer_id, "to": to, "for": seconds})
    return links.absolute(f"/account/{token}")


def open_link(token: str) -> str | None:
    """Make this browser known as the customer of a link; where it leads, or None where it is
    forged or too old."""
    content = links.read(_PURPOSE, token, MAIL_LINK_SECONDS)
    if content is None or links.read(_PURPOSE, token, content["for"]) is None:
        return None
    cookie.permanent = True
    cookie["customer"] = {"id": content["customer"], "until": int(time.time()) + KNOWN_SECONDS}
    return str(content["to"])


def recognised() -> str | None:
    """The id of the customer whom this browser is known to be."""
    known = cookie.get("customer")
    if not known or known["until"] < time.time():
        return None
    return str(known["id"])


def forget() -> None:
    """Make the browser nobody's."""
    cookie.pop("customer", None)
