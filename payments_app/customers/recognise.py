"""recognise: the customer whom this browser is known to be, because somebody opened a link that was
mailed to their address, and pressed its button. Typing an address makes nobody known, and neither
does opening the link: anybody may lead a browser to an address."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass

from flask import session as cookie

from payments_app.core.web import links

LINK_SECONDS = 3600  # of a link that was asked for
MAIL_LINK_SECONDS = 10 * 86_400  # of a link in a mail about a payment that is due
KNOWN_SECONDS = 24 * 3600
_PURPOSE = "customer"
# A path of ours: not //host, and no backslash that a browser would read as a slash.
_OUR_PATH = re.compile(r"/(?![/\\])[^\\\s]*")


@dataclass(frozen=True)
class MailedLink:
    """What a good link says: who may become known, and the path of ours that it leads on to."""

    customer_id: str
    to: str


def link_for(customer_id: str, to: str, seconds: int = LINK_SECONDS) -> str:
    """An absolute address whose button makes a browser known as the customer for a day, and leads
    on to the path `to`. It is good for `seconds`."""
    token = links.sign(_PURPOSE, {"customer": customer_id, "to": to, "for": seconds})
    return links.absolute(f"/account/{token}")


def read_link(token: str) -> MailedLink | None:
    """What a link says; None where it is forged or too old. It changes nothing."""
    content = links.read(_PURPOSE, token, MAIL_LINK_SECONDS)
    if content is None or links.read(_PURPOSE, token, content["for"]) is None:
        return None
    to = str(content["to"])
    return MailedLink(content["customer"], to if _OUR_PATH.fullmatch(to) else "/account")


def remember(customer_id: str) -> None:
    """Make this browser known as the customer."""
    cookie.permanent = True
    cookie["customer"] = {"id": customer_id, "until": int(time.time()) + KNOWN_SECONDS}


def this_browser() -> str | None:
    """The name that the checkout gave to this browser, and wrote on its payments; None before
    its first."""
    return cookie.get("buyer")


def recognised() -> str | None:
    """The id of the customer whom this browser is known to be."""
    known = cookie.get("customer")
    if not known or known["until"] < time.time():
        return None
    return str(known["id"])


def forget() -> None:
    """Make the browser nobody's."""
    cookie.pop("customer", None)
