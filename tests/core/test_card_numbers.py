"""A card's number is found whatever stands in it, and nothing else is taken for one."""

from __future__ import annotations

import pytest

from payments_app.core.card_numbers import CardNumberError, mask, masked, refuse
from tests.calls import calls_of
from tests.security.card_texts import CARDS, VISA, ordinary_texts

pytestmark = pytest.mark.portable


@pytest.mark.parametrize("text", CARDS.values(), ids=CARDS)
def test_a_card_number_is_refused(text: str) -> None:
    for typed in (text, f"They said {text}, thanks", f"({text})", f"Card:{text}\n"):
        with pytest.raises(CardNumberError, match="looks like a card number"):
            refuse("fine", typed)


@pytest.mark.parametrize("text", CARDS.values(), ids=CARDS)
def test_a_masked_text_holds_no_card_number(text: str) -> None:
    made = mask(f"They said {text}, thanks")
    refuse(made)
    assert made.startswith("They said ")
    assert made.endswith(", thanks")


@pytest.mark.parametrize("text", ordinary_texts())
def test_what_is_no_card_number_is_kept_as_it_is(text: str) -> None:
    refuse(text)
    assert mask(f"Note: {text}.") == f"Note: {text}."


def test_the_last_four_digits_stay() -> None:
    assert mask(f"pay {VISA} now") == "pay [card number cut, ends in 4242] now"


def test_every_number_of_a_text_is_masked() -> None:
    made = mask("4242 4242 4242 4242 and 5555555555554444")
    assert made.count("cut") == 2


def test_data_is_masked_at_any_depth() -> None:
    data = {"text": VISA, "list": [{"of": f"{VISA}!"}], "count": 4242424242424242, "none": None}
    made = masked(data)
    assert VISA not in repr(made["text"]) + repr(made["list"])
    assert (made["count"], made["none"]) == (4242424242424242, None)


@pytest.mark.parametrize("of", ["4-", "4\u0301", "4 5-", "45-", "4.4-", "4-\u0301", "1234 "])
def test_a_long_run_of_digits_costs_no_more_than_its_length(of: str) -> None:
    """Anybody may write it into a hundred descriptions at Stripe that a job reads."""
    text = (of * 250)[:500]
    assert calls_of(lambda: mask(text)) < 40 * len(text)
