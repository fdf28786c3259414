"""onboarding_link: the signed address of the page that leads a merchant through its onboarding."""

from __future__ import annotations

from payments_app.core.web import links

PURPOSE = "onboarding"
LINK_SECONDS = 30 * 86_400


def onboarding_url(merchant_id: str) -> str:
    """The address of a merchant's onboarding, good for LINK_SECONDS."""
    token = links.sign(PURPOSE, merchant_id)
    return links.absolute(f"/onboarding/{token}")


def merchant_of(token: str) -> str | None:
    """The id of the merchant whom an address was made for; None where it is forged or too old."""
    said = links.read(PURPOSE, token, LINK_SECONDS)
    return said if isinstance(said, str) else None
