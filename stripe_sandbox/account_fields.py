"""What every connected account holds, and nobody has said yet."""

from stripe_sandbox.store import Object

PROFILE = tuple(
    """
    mcc minority_owned_business_designation name product_description
    specified_commercial_transactions_act_url support_address support_email support_phone
    support_url url
    """.split()
)
_DESCRIPTORS = ("statement_descriptor", "statement_descriptor_kana", "statement_descriptor_kanji")
_PREFIXES = ("statement_descriptor_prefix_kana", "statement_descriptor_prefix_kanji")


def settings(*, custom: bool) -> Object:
    """`custom`: the platform collects what Stripe requires, and bears negative balances."""
    return {
        "branding": dict.fromkeys(("icon", "logo", "primary_color", "secondary_color")),
        "card_payments": dict.fromkeys(("statement_descriptor_prefix", *_PREFIXES)),
        "dashboard": {"display_name": None, "timezone": "Etc/UTC"},
        "payments": dict.fromkeys((*_DESCRIPTORS, *_PREFIXES)),
        "payouts": {
            "debit_negative_balances": not custom,
            "schedule": {"delay_days": 2, "interval": "daily"},
            "statement_descriptor": None,
        },
    }
