"""Settings of the app for private parts, as environment variables."""

import secrets
from collections.abc import Mapping

# Nothing answers there: for what touches the database alone.
NO_REDIS, NO_CACHE = "redis://127.0.0.1:1/0", "redis://127.0.0.1:1/1"
SHOP_NAME = "Corner Shop"
WEBHOOK_SECRETS = (
    "STRIPE_WEBHOOK_SECRET",
    "STRIPE_CONNECT_WEBHOOK_SECRET",
    "STRIPE_THIN_WEBHOOK_SECRET",
)


def sandbox_account(suffix: str | None = None) -> dict[str, str]:
    """Keys of an account at the sandbox, which keeps each secret key's objects apart."""
    suffix = suffix or secrets.token_hex(20)  # so long that none looks guessable by chance
    return {
        "STRIPE_SECRET_KEY": f"sk_test_{suffix}",
        "STRIPE_PUBLISHABLE_KEY": f"pk_test_{suffix}",
        **{name: f"whsec_{suffix}{place}" for place, name in enumerate(WEBHOOK_SECRETS)},
    }


def webhook_secrets(settings: Mapping[str, str]) -> list[str]:
    """The secrets of the three event destinations."""
    return [settings[name] for name in WEBHOOK_SECRETS]


def private_settings(
    *, database_url: str, redis_url: str, cache_redis_url: str, sandbox_url: str
) -> dict[str, str]:
    """A complete environment on private parts, with an account and a secret of its own."""
    return {
        "SECRET_KEY": secrets.token_urlsafe(48),
        "PUBLIC_URL": "http://127.0.0.1:8000",
        "SHOP_NAME": SHOP_NAME,
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "CACHE_REDIS_URL": cache_redis_url,
        "STRIPE_API_BASE": sandbox_url,
        "CHECKOUT_RATE_LIMIT": "6000/minute",
        "CHECKOUT_CHALLENGE": "off",
        "MAIL_FROM": "shop@example.com",
        **sandbox_account(),
    }
