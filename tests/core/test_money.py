"""Money by Stripe's exponents."""

from __future__ import annotations

import pytest

from payments_app.core.money import CURRENCIES, Money, chargeable, code_of, exponent, minimum


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        (1099, "usd", "$10.99"),
        (1099, "eur", "€10.99"),
        (1099, "jpy", "¥1,099"),
        (123_450, "kwd", "KWD\u00a0123.450"),
        (120_000, "isk", "ISK\u00a01,200"),
        (1_234_567_89, "usd", "$1,234,567.89"),
        (17_500, "huf", "HUF\u00a0175.00"),
        (0, "usd", "$0.00"),
        (-1099, "usd", "\u2212$10.99"),
    ],
)
def test_an_amount_reads_as_people_write_it(amount: int, currency: str, text: str) -> None:
    assert str(Money(amount, currency)) == text


def test_the_format_follows_the_buyers_locale() -> None:
    assert Money(109_950, "eur").format("de_DE") == "1.099,50\u00a0€"


def test_one_amount_reads_as_each_reader_writes_it() -> None:
    price = Money(109_950, "eur")
    for _ in range(2):
        assert price.format("de_DE") == "1.099,50\u00a0€"
        assert price.format("en_US") == str(price) == "€1,099.50"
    assert Money(109_950, "jpy").format("en_US") == "¥109,950"


@pytest.mark.parametrize(
    ("currency", "places"), [("usd", 2), ("jpy", 0), ("krw", 0), ("kwd", 3), ("isk", 2), ("huf", 2)]
)
def test_each_currency_has_the_places_that_stripe_gives_it(currency: str, places: int) -> None:
    assert exponent(currency) == places


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        (12_345, "xyz", "123.45 XYZ"),
        (12_345, "pkr", "123.45 PKR"),
        (12_345, "PKR", "123.45 PKR"),
        (123_456_789, "usdc", "1,234,567.89 USDC"),
        (-5, "xyz", "-0.05 XYZ"),
        (0, "xyz", "0.00 XYZ"),
        (120_000, "ugx", "1,200 UGX"),
        (120_050, "ugx", "1,200.50 UGX"),
        (2**63, "xyz", "92,233,720,368,547,758.08 XYZ"),
        (12_345, "x", "123.45 X"),
        (12_345, "", "123.45"),
        (1099, "USD", "$10.99"),
        (1099, "JPY", "¥1,099"),
    ],
)
def test_a_currency_that_the_shop_does_not_sell_in_is_written_with_its_code(
    amount: int, currency: str, text: str
) -> None:
    assert str(Money(amount, currency)) == text


def test_an_unknown_currency_follows_the_buyers_locale() -> None:
    assert Money(109_950, "xyz").format("de_DE") == "1.099,50 XYZ"


def test_a_code_in_capitals_is_the_same_currency() -> None:
    assert Money(1, "USD") + Money(1, "usd") == Money(2, "usd")


@pytest.mark.parametrize("currency", ["ugx", "pkr", "xyz", "usdc", "", "US D"])
@pytest.mark.parametrize("amount", [0, 100_000])
def test_what_the_shop_does_not_sell_in_can_not_be_asked_for(amount: int, currency: str) -> None:
    assert "is not a currency" in (chargeable(Money(amount, currency)) or "")


@pytest.mark.parametrize(
    ("value", "code"),
    [
        ("PKR", "pkr"),
        ("pkr", "pkr"),
        *((odd, None) for odd in ("usdc", "us", "", "u1d", "usd\n", "ÄÖÜ", None, 826, ["usd"])),
    ],
)
def test_a_code_is_three_letters(value: object, code: str | None) -> None:
    assert code_of(value) == code


def test_every_currency_offered_can_be_written() -> None:
    assert all(str(Money(123_400, currency)) for currency in CURRENCIES)


def test_amounts_of_two_currencies_do_not_add() -> None:
    with pytest.raises(ValueError, match="can't mix"):
        Money(1, "usd") + Money(1, "eur")


@pytest.mark.parametrize("amount", [10.99, "1099", True, None])
def test_only_a_whole_number_is_an_amount(amount: object) -> None:
    with pytest.raises(TypeError):
        Money(amount, "usd")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("currency", "least"), [("usd", 50), ("gbp", 30), ("jpy", 50), ("dkk", 250), ("huf", 17_500)]
)
def test_the_least_that_can_be_charged_is_stripes(currency: str, least: int) -> None:
    assert minimum(currency) == least
    assert chargeable(Money(least, currency)) is None
    assert chargeable(Money(least - 1, currency)) is not None


@pytest.mark.parametrize(
    ("currency", "most"),
    [("usd", 99_999_999), ("jpy", 99_999_999), ("kwd", 99_999_990), ("idr", 999_999_999_900)],
)
def test_the_most_that_can_be_charged_is_stripes(currency: str, most: int) -> None:
    assert chargeable(Money(most, currency)) is None
    over = chargeable(Money(most + 100, currency)) or ""
    assert over.startswith("the most that can be charged is")


@pytest.mark.parametrize(("amount", "currency"), [(12_345, "kwd"), (12_050, "isk")])
def test_an_amount_that_stripe_would_refuse_is_named(amount: int, currency: str) -> None:
    assert chargeable(Money(amount, currency)) is not None


@pytest.mark.parametrize("amount", [0, -5])
def test_nothing_to_pay_is_always_fine(amount: int) -> None:
    assert chargeable(Money(amount, "usd")) is None
