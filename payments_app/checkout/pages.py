"""The shop and the checkout form."""

from __future__ import annotations

import secrets
from typing import Any

from flask import Response, make_response, redirect, render_template, request, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as BaseResponse

from payments_app.checkout import buyers
from payments_app.checkout.blueprint import blueprint
from payments_app.checkout.challenge import must_prove, question_for
from payments_app.checkout.keys import named_by
from payments_app.checkout.offers import (
    active_transaction,
    offer_of,
    offer_of_payable,
    placed,
)
from payments_app.core.extensions import db
from payments_app.core.web.access import buyer, public
from payments_app.core.web.headers import private, takes_cards
from payments_app.core.web.http import ProblemError
from payments_app.core.web.idempotency_keys import clean_key
from payments_app.customers.find_cards import saved_cards
from payments_app.customers.models import Customer, SavedCard
from payments_app.customers.recognise import recognised, vouched_email
from payments_app.merchants.accounts import seller_of
from payments_app.merchants.find import shop_name
from payments_app.payments.models import Transaction
from payments_app.payments.payable import Payable
from payments_app.payments.phases import State
from payments_app.payments.said import said
from payments_app.payments.sellable import Offer, sellables
from payments_app.payments.transactions.open import NO_PRICE, why_closed


@blueprint.get("/")
@public
def shop() -> str:
    """All that is for sale."""
    session = db.session()
    listings = [(kind.template, kind.things(session)) for kind in sellables() if kind.template]
    return render_template("checkout/shop.html", listings=listings)


@blueprint.get("/checkout/<item>")
@buyer
@takes_cards
def form(item: str) -> Response | BaseResponse:
    """The form that pays for a product, or again for something placed. Going back to a form that
    was sent shows what became of it, not a form that could pay twice."""
    session = db.session()
    sent = sent_here(request.args.get("key"))
    if sent is not None:
        return redirect(status_url(sent), 303)
    payable = placed(session, item)
    if payable is None:
        offer = offer_of(session, item)
        if offer is None:
            raise NotFound
        if must_prove() and offer.choice("").price.amount:
            return _to_challenge(item)
        # Nothing else of the address: whoever made a link must not fill in another's form.
        return form_page(offer, {"quantity": request.args.get("quantity")})
    owed = said(lambda: payable.owed(session), None) or payable
    live = active_transaction(owed)
    if live is not None:
        return redirect(_result_url(live), 303)
    offer = offer_of_payable(session, payable)
    closed = said(lambda: payable.closed(session) or why_closed(session, owed), NO_PRICE)
    if offer is None or closed:
        return _closed(payable, closed or NO_PRICE)
    if must_prove():
        return _to_challenge(item)
    return _unfound(private(form_page(offer, {"email": _earlier_email(owed)})))


def _closed(payable: Payable, words: str) -> Response:
    page = render_template(
        "checkout/closed.html",
        description=said(lambda: payable.payment_description, shop_name()),
        words=words,
        shop=shop_name(),
        way_back=said(lambda: payable.way_back(paid=False), None),
    )
    return _unfound(private(make_response(page, 410)))


def _unfound(response: Response) -> Response:
    """What was placed is somebody's own, and its address may be their link to pay."""
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def _to_challenge(item: str) -> Response:
    to = url_for("checkout.challenge_page", item=item)
    return private(make_response(redirect(to, 303)))


def sent_here(key: str | None) -> Transaction | None:
    """What this very browser made with a key, whoever else used the same one. Raises ProblemError
    400 for a malformed key."""
    cleaned = clean_key(key)
    if cleaned is None:
        return None
    named = named_by(db.session(), cleaned, buyers.known_browser())
    return next((one for one in named if buyers.is_mine(one)), None)


def form_page(offer: Offer, typed: Any, problem: ProblemError | None = None) -> Response:
    """The form of an offer with a new key, with what was typed and what is wrong with it; no form
    where it can't be bought, or its seller can't be paid, now."""
    seller = seller_of(db.session(), offer.payee_id) if offer.payee_id else None
    seller_name = seller.name if seller else shop_name()
    refusal = (seller.refusal if seller else "") or ("" if problem else offer.refusal)
    if refusal:
        names = {"offer": offer, "seller_name": seller_name, "refusal": refusal}
        return make_response(render_template("checkout/not_for_sale.html", **names))
    buyers.browser()
    known = _known_customer()
    chosen = offer.choice(str(typed.get("quantity")))
    by_card = bool(chosen.price.amount or offer.card_terms)
    # Cards are saved with us, and are of no use on a seller's own account.
    ours = seller is None or seller.account is None
    cards = saved_cards(db.session(), known.id) if known and ours and by_card else []
    page = render_template(
        "checkout/form.html",
        offer=offer,
        seller=seller,
        seller_name=seller_name,
        chosen=chosen,
        email=typed.get("email") or (known.email if known else vouched_email() or ""),
        known=known is not None,
        own_email=known.email if known and cards else "",
        cards=cards,
        saved_card=_chosen(typed.get("saved_card"), cards),
        save_card=bool(typed.get("save_card")),
        key=secrets.token_urlsafe(24),
        problem=problem,
        errors=problem.fields if problem else {},
        question=question_for(typed.get("email") or ""),
    )
    response = make_response(page)
    return private(response) if known or vouched_email() else response


def _known_customer() -> Customer | None:
    known = recognised()
    return db.session.get(Customer, known) if known else None


def _chosen(typed: str | None, cards: list[SavedCard]) -> str:
    """The saved card that is chosen when the page opens; empty for another one."""
    if typed is not None or not cards:
        return typed or ""
    return cards[0].id


def _earlier_email(payable: Payable) -> str:
    """What this browser typed for its last attempt at the same payable."""
    return next((t.email for t in payable.transactions if buyers.is_mine(t)), None) or ""


def _result_url(transaction: Transaction) -> str:
    if transaction.state == State.COMPLETE and buyers.is_mine(transaction):
        return url_for("checkout.thankyou", transaction=transaction.id)
    return status_url(transaction)


def status_url(transaction: Transaction) -> str:
    """The address of a transaction, which only its own buyer is told."""
    return url_for("checkout.show", transaction_id=transaction.id)
