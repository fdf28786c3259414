"""config_checks: what is wrong with an environment, each problem in words that say what to set.

Owns:       the settings' names, and what each may be.
Imports:    nothing.
Publishes:  nothing.
Subscribes: nothing.
"""

from __future__ import annotations

from collections.abc import Mapping

from payments_app.config_checks import (
    addresses,
    at_stripe,
    brand,
    numbers,
    receipt,
    servers,
    turnstile,
    weak_secrets,
)
from payments_app.config_checks.read import flag, listed

__all__ = ["REQUIRED", "SETTINGS", "flag", "listed", "problems_of"]

REQUIRED = (
    "SECRET_KEY",
    "PUBLIC_URL",
    "DATABASE_URL",
    "REDIS_URL",
    "CACHE_REDIS_URL",
    "STRIPE_SECRET_KEY",
    "STRIPE_PUBLISHABLE_KEY",
    "STRIPE_WEBHOOK_SECRET",
)
SETTINGS = (
    *REQUIRED,
    "DATABASE_POOLED",
    "SHOP_NAME",
    "SHOP_LOGO",
    "BRAND_COLOR",
    "SHOP_URL",
    "SHOP_CONTACT",
    "SHOP_TERMS_URL",
    "SHOP_REFUND_POLICY_URL",
    "SHOP_ADDRESS",
    "SHOP_TAX_ID",
    "SECRET_KEY_FALLBACKS",
    "STRIPE_SECRET_KEY_FALLBACKS",
    "STRIPE_CONNECT_WEBHOOK_SECRET",
    "STRIPE_THIN_WEBHOOK_SECRET",
    "STRIPE_ACCOUNTS_API",
    "STRIPE_API_BASE",
    "SMTP_URL",
    "MAIL_FROM",
    "ALERT_MAIL_TO",
    "ALERT_WEBHOOK_URL",
    "ALERT_WEBHOOK_SECRET",
    "ALERT_REMINDER_MINUTES",
    "ALERT_FILE",
    "METRICS_TOKEN",
    "BUSINESS_TIMEZONE",
    "CHARGE_CONCURRENCY",
    "API_RATE_LIMIT",
    "CHECKOUT_RATE_LIMIT",
    "CHECKOUT_CHALLENGE",
    "SIGN_IN_LINK_MINUTES",
    "DOUBLE_PAYMENT_MINUTES",
    "LEGAL_KEEPING_DAYS",
    "TURNSTILE_SITE_KEY",
    "TURNSTILE_SECRET_KEY",
    "TURNSTILE_API_BASE",
    "STOCK_HOLD_BUYER_PERCENT",
    "STOCK_HOLD_NETWORK_PERCENT",
    "PLATFORM_FEE_FIXED",
    "PROXY_HOPS",
    "CDN_PURGE_URL",
    "CDN_PURGE_TOKEN",
    "SENTRY_DSN",
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "SECURITY_CONTACT",
    "WEB_BIND",
    "WEB_PIDFILE",
    "WEB_CONCURRENCY",
    "FLASK_DEBUG",
    "PORT",
    "DATA_DIR",
    "DEMO_PASSWORD",
)


def problems_of(env: Mapping[str, str]) -> list[str]:
    """Every missing or wrong setting, a sentence each."""
    missing = [f"{name} is missing" for name in REQUIRED if not env.get(name)]
    return missing + [problem for check in _CHECKS for problem in check(env)]


def _check_spaces(env: Mapping[str, str]) -> list[str]:
    """A value that was copied with the end of its line is another value: its signatures, its
    password, its host would not fit, and nothing would say why."""
    return [
        f"{name} must not begin or end with a space, nor hold an end of line"
        for name in SETTINGS
        if (value := env.get(name, "")) != value.strip() or not value.isprintable()
    ]


_CHECKS = (
    _check_spaces,
    *weak_secrets.CHECKS,
    *servers.CHECKS,
    *addresses.CHECKS,
    *brand.CHECKS,
    *receipt.CHECKS,
    *at_stripe.CHECKS,
    *turnstile.CHECKS,
    *numbers.CHECKS,
)
