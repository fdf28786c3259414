"""receipt_details: what a receipt tells of who sold: name, address and tax id.

The shop's own are its settings, a connected merchant's stand in its row.
"""

from __future__ import annotations

from dataclasses import dataclass

from flask import current_app
from sqlalchemy.orm import Session

from payments_app.config_checks.receipt import address_lines, tax_id
from payments_app.core import history
from payments_app.core.card_numbers import refuse
from payments_app.core.db.session import atomic
from payments_app.merchants.find import shop_name
from payments_app.merchants.models import Merchant


@dataclass(frozen=True)
class ReceiptDetails:
    """The seller on a receipt; `address` are its lines. One of `address` and `tax_id` is there."""

    name: str
    address: tuple[str, ...]
    tax_id: str | None


def receipt_details(session: Session, merchant_id: str | None) -> ReceiptDetails | None:
    """What is told of a merchant (None: of the shop itself); None where nothing was set."""
    merchant = session.get(Merchant, merchant_id) if merchant_id else None
    if merchant is None or merchant.is_default:
        config = current_app.config["CONFIG"]
        details = ReceiptDetails(shop_name(), config.shop_address, config.shop_tax_id)
    else:
        lines = tuple((merchant.receipt_address or "").splitlines())
        details = ReceiptDetails(merchant.name, lines, merchant.tax_id)
    return details if details.address or details.tax_id else None


@atomic
def set_receipt_details(
    session: Session,
    merchant_id: str,
    *,
    address: str | None = None,
    tax: str | None = None,
    actor: str,
) -> None:
    """Set the address of a connected merchant, with | between its lines, and its tax id; None
    leaves what stands, an empty text takes it away.

    Raises LookupError where there is no such merchant, ValueError where one is refused, each with
    words for whoever asked.
    """
    merchant = session.get(Merchant, merchant_id, with_for_update=True, populate_existing=True)
    if merchant is None:
        raise LookupError(f"there is no merchant {merchant_id}")
    if merchant.is_default:
        raise ValueError(f"{merchant_id} is the shop itself: set SHOP_ADDRESS and SHOP_TAX_ID")
    was = merchant.receipt_address, merchant.tax_id
    if address is not None:
        merchant.receipt_address = _checked_address(address)
    if tax is not None:
        merchant.tax_id = _checked_tax_id(tax)
    now = merchant.receipt_address, merchant.tax_id
    if now == was:
        return
    history.record(
        session,
        "staff",
        "merchant.receipt_details_set",
        actor=actor,
        subject=merchant_id,
        address=now[0],
        tax_id=now[1],
        address_was=was[0],
        tax_id_was=was[1],
    )


def _checked_address(typed: str) -> str | None:
    if not typed.strip():
        return None
    refuse(typed.replace("|", "\n"))
    try:
        return "\n".join(address_lines(typed))
    except ValueError as error:
        raise ValueError(f"the address must be {error}") from error


def _checked_tax_id(typed: str) -> str | None:
    if not typed.strip():
        return None
    refuse(typed)
    try:
        return tax_id(typed)
    except ValueError as error:
        raise ValueError(f"the tax id must be {error}") from error
