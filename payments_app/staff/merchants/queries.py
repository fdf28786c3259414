"""Merchants as staff see them: how far each is with Stripe, and what a sale left on both sides."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from payments_app.core.money import Money
from payments_app.core.web.part import Part, part_of
from payments_app.merchants.accounts import READY, REFUSED, WORDS, state_of
from payments_app.merchants.models import DIRECT, ConnectedAccount, Merchant
from payments_app.merchants.onboarding_link import onboarding_url
from payments_app.merchants.requirements import asked_for
from payments_app.payments.amounts import fee_taken
from payments_app.payments.connect import records
from payments_app.payments.connect.records import ConnectRecord
from payments_app.payments.models import PaymentRecord, Role, Transaction
from payments_app.staff.cells import in_words
from payments_app.staff.zones import When, when

MOST = 200
_SIDES = ((records.PLATFORM, "On our account"), (records.MERCHANT, "On the merchant's account"))
_TAKEN = frozenset(
    {records.REFUND, records.TRANSFER_REVERSAL, records.FEE_REFUND, records.PAYMENT_REFUND}
)


@dataclass(frozen=True)
class MerchantRow:
    """A connected merchant as a row of the list. `asked` is what Stripe still wants of it;
    `refused`: Stripe refused to make its account, and it may be asked again."""

    id: str
    name: str
    email: str
    account: str | None
    manner: str
    state: str
    words: str
    ready: bool
    refused: bool
    payouts: bool
    asked: list[str]
    read_at: When | None
    onboarding: str


@dataclass(frozen=True)
class Row:
    """A record of Stripe's, with what it did to the balance of its account, where that is known."""

    what: str
    taken: bool
    amount: str
    fee: str | None
    net: str | None
    stripe_id: str
    when: When | None


@dataclass(frozen=True)
class Sale:
    """A merchant's sale: both sides' records. `balance` is what it left in the merchant's
    account, once Stripe has written all of it."""

    merchant: str
    account: str
    manner: str
    fee: str | None
    sides: list[tuple[str, list[Row]]]
    balance: str | None


def merchants(session: Session, zone: ZoneInfo) -> Part:
    """The connected merchants, newest first, MOST on a page."""
    query = (
        select(Merchant, ConnectedAccount)
        .join(ConnectedAccount, ConnectedAccount.merchant_id == Merchant.id)
        .order_by(Merchant.created_at.desc(), Merchant.id)
    )
    part = part_of(session, query, "merchants", MOST)
    return part.of(_seller(merchant, account, zone) for merchant, account in part.rows)


def sale_of(session: Session, transaction_id: str, zone: ZoneInfo) -> Sale | None:
    """What a payment left on both sides; None where the shop itself sold."""
    row = session.execute(
        select(
            Transaction.connected_account_id,
            Transaction.charge_type,
            Transaction.platform_fee,
            Transaction.state,
            Transaction.paid.label("paid"),
            Transaction.currency,
            Merchant.name,
        )
        .outerjoin(
            PaymentRecord,
            (PaymentRecord.transaction_id == Transaction.id)
            & (PaymentRecord.role == Role.MERCHANT),
        )
        .outerjoin(Merchant, Merchant.id == PaymentRecord.payable_id)
        .where(Transaction.id == transaction_id)
    ).one()
    if row.connected_account_id is None:
        return None
    kept = session.scalars(
        select(ConnectRecord)
        .where(ConnectRecord.transaction_id == transaction_id)
        .order_by(ConnectRecord.made_at, ConnectRecord.id)
    ).all()
    fee = fee_taken(row.state, row.platform_fee, row.paid)
    return Sale(
        merchant=row.name or row.connected_account_id,
        account=row.connected_account_id,
        manner=_manner(row.charge_type),
        fee=str(Money(fee, row.currency)) if fee is not None else None,
        sides=[
            (title, [_row(record, zone) for record in kept if record.side == side])
            for side, title in _SIDES
        ],
        balance=_balance([record for record in kept if record.side == records.MERCHANT]),
    )


def _seller(merchant: Merchant, account: ConnectedAccount, zone: ZoneInfo) -> MerchantRow:
    state = state_of(account)
    return MerchantRow(
        id=merchant.id,
        name=merchant.name,
        email=merchant.email,
        account=account.stripe_account_id,
        manner=_manner(account.charge_type),
        state=state,
        words=account.error_message or WORDS[state],
        ready=state == READY,
        refused=state == REFUSED,
        payouts=account.payouts_enabled,
        asked=asked_for(account),
        read_at=when(account.refreshed_at, zone),
        onboarding=onboarding_url(merchant.id),
    )


def _manner(charge_type: str | None) -> str:
    return "Direct charge" if charge_type in (None, DIRECT) else "Destination charge"


def _row(record: ConnectRecord, zone: ZoneInfo) -> Row:
    currency = record.balance_currency or record.currency
    return Row(
        what=in_words(record.kind) or record.kind,
        taken=record.kind in _TAKEN,
        amount=str(record.money),
        fee=str(Money(record.fee, currency)) if record.fee is not None else None,
        net=str(Money(record.net, currency)) if record.net is not None else None,
        stripe_id=record.stripe_id,
        when=when(record.made_at, zone),
    )


def _balance(kept: list[ConnectRecord]) -> str | None:
    nets = [record.net for record in kept if record.net is not None]
    currencies = {record.balance_currency for record in kept}
    if not kept or len(nets) < len(kept) or len(currencies) > 1:
        return None
    return str(Money(sum(nets), currencies.pop() or ""))
