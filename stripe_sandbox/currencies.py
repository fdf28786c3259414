"""What Stripe accepts as an amount, https://docs.stripe.com/currencies."""

from stripe_sandbox.errors import ApiError
from stripe_sandbox.params import missing

ZERO_DECIMAL = frozenset("bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf".split())
THREE_DECIMAL = frozenset("bhd jod kwd omr tnd".split())
WHOLE_UNITS_ONLY = frozenset(("isk", "ugx"))
_TWO_DECIMAL = (
    frozenset(
        """
    aed afn all amd ang aoa ars aud awg azn bam bbd bdt bgn bmd bnd bob brl bsd bwp byn bzd cad
    cdf chf cny cop crc cve czk dkk dop dzd egp etb eur fjd fkp gbp gel gip gmd gtq gyd hkd hnl
    htg huf idr ils inr jmd kes kgs khr kyd kzt lak lbp lkr lrd lsl mad mdl mkd mmk mnt mop mur
    mvr mwk mxn myr mzn nad ngn nio nok npr nzd pab pen pgk php pkr pln qar ron rsd sar sbd scr
    sek sgd shp sle sos srd std szl thb tjs top try ttd twd tzs uah usd uyu uzs wst xcd yer zar
    zmw
    """.split()
    )
    | WHOLE_UNITS_ONLY
)
KNOWN = ZERO_DECIMAL | THREE_DECIMAL | _TWO_DECIMAL
LARGEST = 99_999_999  # eight digits
_LARGEST_IN = {"idr": 999_999_999_999}

# Minor units.
_MINIMUM = (
    dict.fromkeys("usd eur aud brl cad chf nzd sgd inr ils zar php ars cop idr".split(), 50)
    | dict.fromkeys("aed myr pln ron".split(), 200)
    | dict.fromkeys("nok sek".split(), 300)
    | dict.fromkeys("mxn thb".split(), 1000)
    | dict.fromkeys("jpy krw".split(), 50)
    | {"gbp": 30, "dkk": 250, "hkd": 400, "czk": 1500, "huf": 17500}
)


def exponent(currency: str) -> int:
    if currency in ZERO_DECIMAL:
        return 0
    return 3 if currency in THREE_DECIMAL else 2


def spoken(amount: int, currency: str) -> str:
    """10.99 USD for 1099 minor units."""
    decimals = exponent(currency)
    return f"{amount / 10**decimals:,.{decimals}f} {currency.upper()}"


def known(value: object, name: str) -> str:
    """A parameter kind."""
    if value == "":
        raise missing(name)
    currency = str(value).lower()
    if currency not in KNOWN:
        raise ApiError(
            400,
            f"Invalid currency: {value}. Stripe currently supports these currencies:"
            f" {', '.join(sorted(KNOWN))}",
            param=name,
        )
    return currency


def check_amount(amount: int, currency: str) -> None:
    """Raises ApiError 400 for an amount that cannot be charged."""
    if amount < 1:
        raise ApiError(
            400,
            "This value must be greater than or equal to 1.",
            code="parameter_invalid_integer",
            param="amount",
        )
    if (smallest := _MINIMUM.get(currency, 1)) > amount:
        raise ApiError(
            400,
            f"Amount must be at least {spoken(smallest, currency)}",
            code="amount_too_small",
            param="amount",
        )
    if amount > (largest := _LARGEST_IN.get(currency, LARGEST)):
        raise ApiError(
            400,
            f"Amount must be no more than {spoken(largest, currency)}",
            code="amount_too_large",
            param="amount",
        )
    if currency in THREE_DECIMAL and amount % 10:
        raise ApiError(
            400,
            f"Invalid amount: the last digit must be 0 in {currency.upper()}",
            param="amount",
        )
    if currency in WHOLE_UNITS_ONLY and amount % 100:
        raise ApiError(
            400,
            f"Invalid amount: must be a multiple of 100 in {currency.upper()}",
            param="amount",
        )
