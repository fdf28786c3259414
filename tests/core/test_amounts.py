"""An amount that moves money is read in one way, or asked about."""

from __future__ import annotations

import pytest

from payments_app.core.amounts import AmountError, parse_amount, typed_form
from payments_app.core.money import CURRENCIES, Money

pytestmark = pytest.mark.portable


@pytest.mark.parametrize(
    ("typed", "currency", "amount"),
    [
        ("1.50", "usd", 150),
        ("150", "usd", 15000),
        ("1500.00", "usd", 150000),
        (" 0.05 ", "usd", 5),
        ("0", "usd", 0),
        ("$1.50", "usd", 150),
        ("$ 1.50 USD", "usd", 150),
        ("usd 1.50", "usd", 150),
        ("1.50 EUR", "eur", 150),
        ("5 €", "eur", 500),
        ("CA$5", "cad", 500),
        ("1800", "jpy", 1800),
        ("¥1800", "jpy", 1800),
        ("1.500", "kwd", 1500),
        ("KWD 12", "kwd", 12000),
        ("1200", "isk", 120000),
        ("1200", "ugx", 120000),
        ("1.50 PKR", "pkr", 150),
        ("9999999999999.99", "usd", 999999999999999),
    ],
)
def test_an_amount_in_its_currency_s_own_form_is_taken(
    typed: str, currency: str, amount: int
) -> None:
    assert parse_amount(typed, currency) == Money(amount, currency)


@pytest.mark.parametrize(
    ("typed", "currency", "question"),
    [
        ("1,50", "usd", "Did you mean $1.50 or $150.00? Type it as 1.50 or 150.00."),
        ("5 0", "usd", "Did you mean $5.00 or $50.00? Type it as 5.00 or 50.00."),
        ("1.234,50", "usd", "Did you mean $1,234.50? Type it as 1234.50."),
        ("1,234.50", "usd", "Did you mean $1,234.50? Type it as 1234.50."),
        ("1,500", "usd", "Did you mean $1,500.00? Type it as 1500.00."),
        ("1.500", "usd", "Did you mean $1.50 or $1,500.00?"),
        ("1.505", "usd", "Did you mean $1,505.00?"),
        ("1.5", "usd", "Did you mean $1.50?"),
        (".5", "usd", "Did you mean $0.50? Type it as 0.50."),
        ("0,50", "usd", "Did you mean $0.50? Type it as 0.50."),
        ("100,50", "usd", "Did you mean $100.50 or $10,050.00?"),
        ("1,50,000", "inr", "Did you mean ₹150,000.00?"),
        ("5.", "usd", "Did you mean $5.00?"),
        ("007", "usd", "Did you mean $7.00?"),
        ("+5", "usd", "Did you mean $5.00?"),
        ("-5", "usd", "Did you mean $5.00?"),
        ("\u22125", "usd", "Did you mean $5.00?"),
        ("$5", "eur", "Did you mean €5.00?"),
        ("$5", "cad", "Did you mean CA$5.00?"),
        ("\uff11\uff15\uff10", "usd", "Did you mean $150.00?"),
        ("\u0661\u0665\u0660", "usd", "such as 1.50"),
        ("1\u00a0500", "usd", "Did you mean $1,500.00?"),
        ("1\u202f500,00", "eur", "Did you mean €1,500.00 or €150,000.00?"),
        ("1\u2019500", "chf", "Did you mean CHF\u00a01,500.00?"),
        ("1_500", "usd", "such as 1.50"),
        ("1,800", "jpy", "Did you mean ¥1,800? Type it as 1800."),
        ("1.00", "jpy", "Did you mean ¥1?"),
        ("12.50", "jpy", "such as 150"),
        ("1.50", "isk", "such as 150"),
        ("1.50", "kwd", "Did you mean KWD\u00a01.500?"),
        ("1,500", "kwd", "Did you mean KWD\u00a01.500 or KWD\u00a01,500.000?"),
        ("1.505", "kwd", "The last digit of an amount with three decimals must be 0."),
        ("5 USD", "eur", "in EUR as digits"),
        ("1e3", "usd", "such as 1.50"),
        ("0x10", "usd", "such as 1.50"),
        ("½", "usd", "such as 1.50"),
        ("NaN", "usd", "such as 1.50"),
        ("Infinity", "usd", "such as 1.50"),
        ("five", "usd", "such as 1.50"),
        ("", "usd", "such as 1.50"),
        ("1.50\n", "usd", "such as 1.50"),
        ("1.50\u200b", "usd", "such as 1.50"),
        ("1..50", "usd", "Did you mean $1.50 or $150.00?"),
        ("1" * 14, "usd", "such as 1.50"),
        ("9" * 5000, "usd", "such as 1.50"),
    ],
)
def test_any_other_is_asked_about(typed: str, currency: str, question: str) -> None:
    with pytest.raises(AmountError) as refused:
        parse_amount(typed, currency)
    assert question in str(refused.value)


@pytest.mark.parametrize("currency", sorted(CURRENCIES))
def test_an_amount_is_taken_as_it_is_proposed(currency: str) -> None:
    money = Money(1_234_500, currency)
    assert parse_amount(typed_form(money), currency) == money
