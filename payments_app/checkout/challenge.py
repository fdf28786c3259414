"""challenge: a proof that a person pays, of whoever had too many cards declined.

CHECKOUT_CHALLENGE is `off`, `auto` (after so many declines in an hour) or `always` (under an
attack). With keys of a provider in the settings its challenge is a page of its own before the
form (`challenge_page.py`), so that its scripts never run where a card is typed. Without keys it is
a question of ours in the form, which needs no script and nobody else's server; it stops tools that
were not written for this shop, and no others.
"""

from __future__ import annotations

import secrets
from collections.abc import Collection
from dataclasses import dataclass

from flask import current_app, session, url_for

from payments_app.checkout import buyers, turnstile
from payments_app.checkout.forms import Purchase
from payments_app.checkout.keys import made_before
from payments_app.checkout.velocity_fingerprints import declines, fingerprints_of
from payments_app.core.extensions import db
from payments_app.core.language import Words
from payments_app.core.web import links
from payments_app.core.web.http import ProblemError
from payments_app.core.web.limits import limiter

# Declines in an hour. Many people may share an address.
DECLINE_LIMITS = {"address": 10, "browser": 3, "email": 3}
LIFE_SECONDS, MOST_PAYMENTS = 15 * 60, 3
_PURPOSE = "checkout-question"
_PROOF = "checkout-proof"
_NUMBERS = (
    Words("zero"),
    Words("one"),
    Words("two"),
    Words("three"),
    Words("four"),
    Words("five"),
    Words("six"),
    Words("seven"),
    Words("eight"),
    Words("nine"),
    Words("ten"),
    Words("eleven"),
    Words("twelve"),
    Words("thirteen"),
    Words("fourteen"),
    Words("fifteen"),
    Words("sixteen"),
    Words("seventeen"),
    Words("eighteen"),
)


@dataclass(frozen=True)
class Question:
    """What is asked, and the signed token that goes back with the answer."""

    words: str
    token: str


def question_for(email: str = "") -> Question | None:
    """A new question of ours, where this visitor must answer one. The token holds for this visitor
    until their next decline, LIFE_SECONDS at most, and tells the answer to nobody."""
    suspect = None if turnstile.is_used() else _suspect(email)
    if suspect is None:
        return None
    fingerprints, counted = suspect
    one, two = (secrets.randbelow(8) + 2 for _ in range(2))
    salt = secrets.token_urlsafe(9)
    token = links.sign(_PURPOSE, [salt, _bound(fingerprints, counted, salt, one + two)])
    words = Words("What is %(one)s plus %(two)s?", one=_NUMBERS[one], two=_NUMBERS[two])
    return Question(words, token)


def must_prove() -> bool:
    """Whether this visitor must solve the provider's challenge first."""
    suspect = _suspect("") if turnstile.is_used() else None
    return suspect is not None and not _has_proved(*suspect)


def was_asked() -> bool:
    """Whether a payment of this browser was refused for want of a proof, such as for its e-mail
    address, which only the payment names."""
    return "asked" in session


def remember_proof() -> None:
    """This visitor solved the provider's challenge: it holds as an answer does, for this browser at
    this address."""
    fingerprints = fingerprints_of()
    counted = declines(db.session(), fingerprints)
    # Each one is another, also of the same second: payments are counted by it.
    proof = [_visitor(fingerprints, counted), secrets.token_hex(8)]
    session["proof"] = links.sign(_PROOF, proof)
    session.pop("asked", None)


def _suspect(email: str) -> tuple[dict[str, str], dict[str, int]] | None:
    """This visitor's fingerprints and declines, where they must prove that they are a person."""
    mode = current_app.config["CONFIG"].checkout_challenge
    if mode == "off":
        return None
    fingerprints = fingerprints_of(email)
    counted = declines(db.session(), fingerprints)
    if mode == "auto" and not any(counted[kind] >= DECLINE_LIMITS[kind] for kind in counted):
        return None
    return fingerprints, counted


def _has_proved(fingerprints: dict[str, str], counted: dict[str, int]) -> bool:
    proved = links.read(_PROOF, session.get("proof", ""), LIFE_SECONDS)
    return isinstance(proved, list) and secrets.compare_digest(
        str(proved[0]), _visitor(fingerprints, counted)
    )


def _visitor(fingerprints: dict[str, str], counted: dict[str, int]) -> str:
    """The browser with its declines, and the address: a cookie that was handed on proves nothing
    elsewhere."""
    return ":".join(
        (
            fingerprints.get("browser", ""),
            str(counted.get("browser", 0)),
            fingerprints.get("address", ""),
        )
    )


def fingerprints_to_store(email: str) -> Collection[str]:
    """From where a payment is asked for; nothing where nobody is ever questioned."""
    if current_app.config["CONFIG"].checkout_challenge == "off":
        return ()
    return fingerprints_of(email).values()


def check(purchase: Purchase) -> None:
    """Raise ProblemError 422 `challenge_required`, with a question, where one must be answered
    and was not. A form that was sent before is let through, to be shown its payment: by the very
    look-up that will find it. Raises `idempotency_key_reuse` as that does."""
    paid_with = purchase.payment_method or purchase.confirmation_token or purchase.saved_card
    if not paid_with or made_before(db.session(), purchase, buyers.known_browser()) is not None:
        return
    if turnstile.is_used():
        _check_proof(purchase)
        return
    question = question_for(purchase.email)
    if question is None or _is_answered(purchase):
        return
    words = Words("Answer the question to continue. No payment was made.")
    fields = {"challenge_answer": words}
    raise ProblemError(
        422,
        "challenge_required",
        words,
        fields,
        question=question.words,
        challenge=question.token,
    )


def _check_proof(purchase: Purchase) -> None:
    suspect = _suspect(purchase.email)
    if suspect is None or (_has_proved(*suspect) and _is_left(session["proof"])):
        return
    session.pop("proof", None)
    session["asked"] = True
    words = Words("Complete the security check to continue. No payment was made.")
    page = links.absolute(url_for("checkout.challenge_page", item=purchase.item))
    raise ProblemError(422, "challenge_required", words, url=page)


def _is_left(proof: str) -> bool:
    """Count a payment by a proof or an answer; whether it is one of the MOST_PAYMENTS that one is
    good for. Declines are known too late for whoever sends many cards at once."""
    return limiter().is_left("proof", MOST_PAYMENTS, LIFE_SECONDS, proof)


def _is_answered(purchase: Purchase) -> bool:
    content = links.read(_PURPOSE, purchase.challenge, LIFE_SECONDS)
    typed, named = purchase.challenge_answer.lower(), [str(number) for number in _NUMBERS]
    number = named.index(typed) if typed in named else int(typed) if _is_small(typed) else -1
    if content is None or number < 0:
        return False
    salt, bound = content
    fingerprints = fingerprints_of(purchase.email)
    expected = _bound(fingerprints, declines(db.session(), fingerprints), salt, number)
    return secrets.compare_digest(bound, expected) and _is_left(salt)


def _bound(fingerprints: dict[str, str], counted: dict[str, int], salt: str, answer: int) -> str:
    """The answer, sealed with whom it was asked and how many declines they had by then."""
    kind = "browser" if "browser" in fingerprints else "address"
    return links.seal(_PURPOSE, f"{fingerprints.get(kind)}:{counted.get(kind)}:{salt}:{answer}")


def _is_small(typed: str) -> bool:
    return typed.isascii() and typed.isdecimal() and len(typed) < 4
