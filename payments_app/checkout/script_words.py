"""script_words: what the checkout's scripts say, in the language of the page that loads them."""

from __future__ import annotations

from functools import cache

from payments_app.checkout.blueprint import blueprint
from payments_app.core import language
from payments_app.core.language import Words

_WORDS = {
    "processing": Words("Processing..."),
    "emailMissing": Words("Enter your e-mail address."),
    "emailWrong": Words("Enter an e-mail address like name@example.com."),
    "answerMissing": Words("Answer the question."),
    "cardWrong": Words("Check the card details."),
    "pay": Words("Pay %(amount)s", amount="{amount}"),
    "fieldsGone": Words(
        "The card fields couldn't load. No payment was made. Check your connection and reload this "
        "page."
    ),
    "fieldsFailed": Words("The card fields couldn't load. No payment was made. Reload this page."),
    "noCardService": Words(
        "We couldn't reach the card service. No payment was made. Check your connection and try "
        "again."
    ),
    "noNet": Words(
        "We can't reach the shop just now. Keep this page open: we try again by ourselves, and you "
        "are charged once at most."
    ),
    "late": Words(
        "We couldn't reach the shop for a minute. As soon as you are online, we check whether your "
        "payment arrived. Keep this page open."
    ),
    "sentBefore": Words(
        "This form was sent before, with other details. Look in your e-mail whether you have paid "
        "before you pay again."
    ),
    "notSent": Words(
        "Your payment did not reach us, so no payment was made. Do you still want to pay? Then "
        "send it again."
    ),
}


@blueprint.app_template_global()
def script_words() -> dict[str, str]:
    """By the name that the scripts know each by."""
    return _in(language.current())


@cache
def _in(_language: str) -> dict[str, str]:
    return {name: str(words) for name, words in _WORDS.items()}
