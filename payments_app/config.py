"""The environment, read once into one frozen Config.

Every missing or wrong setting is named in one message, so that a deployment is mended in one go.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from payments_app.config_checks import flag, listed, problems_of
from payments_app.config_checks.at_stripe import is_live
from payments_app.config_checks.receipt import address_lines, tax_id

_ALERT_FILE = Path(tempfile.gettempdir(), f"payments-alerts-{os.getuid()}.json")
STRIPE_JS = "https://js.stripe.com/endive/stripe.js"
TURNSTILE = "https://challenges.cloudflare.com"


class ConfigError(ValueError):
    """The environment can't be run with; its message lists every problem, a line each."""


@dataclass(frozen=True)
class Config:
    """All settings. Urls without a trailing slash; `charge_concurrency` in charges at once.

    `proxy_hops` is how many proxies of ours stand before the app: so many entries of
    X-Forwarded-For are believed. 0 believes none.
    """

    secret_key: str
    secret_key_fallbacks: tuple[str, ...]  # which still verify, and sign nothing
    public_url: str
    shop_name: str
    shop_logo: Path | None
    brand_color: str | None  # as #rrggbb
    shop_url: str | None  # where the shop's name leads; None: to our own list of products
    shop_contact: str | None  # a mail address for buyers' questions
    shop_terms_url: str | None  # the shop's terms, and
    shop_refund_policy_url: str | None  # how it refunds: pages of its own
    shop_address: tuple[str, ...]  # on receipts, a line each
    shop_tax_id: str | None
    database_url: str
    database_pooled: bool  # PgBouncer stands between
    redis_url: str
    cache_redis_url: str
    stripe_secret_key: str
    stripe_secret_key_fallbacks: tuple[str, ...]  # tried where Stripe refuses it
    stripe_publishable_key: str
    stripe_webhook_secrets: tuple[str, ...]
    stripe_connect_webhook_secrets: tuple[str, ...]
    stripe_thin_webhook_secrets: tuple[str, ...]
    stripe_api_base: str | None
    stripe_accounts_api: str
    smtp_url: str | None
    mail_from: str
    alert_mail_to: str | None
    alert_webhook_url: str | None
    alert_webhook_secrets: tuple[str, ...]  # each signs, so that either side may change first
    alert_reminder_minutes: int  # until a critical one is told again
    alert_file: Path  # what was told while the database was away
    metrics_tokens: tuple[str, ...]
    business_timezone: str
    charge_concurrency: int
    checkout_rate_limit: str
    api_rate_limit: str  # of each API key
    platform_fee_fixed: Mapping[str, int]  # by currency, in minor units
    checkout_challenge: str
    stock_hold_buyer_percent: int  # of a product's stock, until it is paid for
    stock_hold_network_percent: int
    sign_in_link_minutes: int
    legal_keeping_days: int  # after a payment its buyer is not erased
    double_payment_minutes: int  # two alike payments so close may be one mistake
    turnstile_site_key: str | None
    turnstile_secret_key: str | None
    turnstile_api_base: str | None
    proxy_hops: int
    sentry_dsn: str | None
    otlp_endpoint: str | None  # where traces are sent, /v1/traces below it
    cdn_purge_url: str | None
    cdn_purge_token: str | None
    security_contact: str | None
    data_dir: Path
    demo_password: str | None
    debug: bool
    prefix: str = ""  # of each path of ours, on the site of an application that we are part of

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> Config:
        """Read the settings; raise ConfigError that names every missing or wrong one."""
        if problems := problems_of(env):
            raise ConfigError("The configuration can't be used:\n  " + "\n  ".join(problems))
        return cls(
            secret_key=env["SECRET_KEY"],
            secret_key_fallbacks=listed(env.get("SECRET_KEY_FALLBACKS") or ""),
            public_url=env["PUBLIC_URL"].rstrip("/"),
            shop_name=env.get("SHOP_NAME") or str(urlsplit(env["PUBLIC_URL"]).hostname),
            shop_logo=Path(env["SHOP_LOGO"]) if env.get("SHOP_LOGO") else None,
            brand_color=(env.get("BRAND_COLOR") or "").lower() or None,
            shop_url=env.get("SHOP_URL") or None,
            shop_contact=env.get("SHOP_CONTACT") or None,
            shop_terms_url=env.get("SHOP_TERMS_URL") or None,
            shop_refund_policy_url=env.get("SHOP_REFUND_POLICY_URL") or None,
            shop_address=address_lines(env["SHOP_ADDRESS"]) if env.get("SHOP_ADDRESS") else (),
            shop_tax_id=tax_id(env["SHOP_TAX_ID"]) if env.get("SHOP_TAX_ID") else None,
            database_url=_with_driver(env["DATABASE_URL"]),
            database_pooled=flag(env, "DATABASE_POOLED"),
            redis_url=env["REDIS_URL"],
            cache_redis_url=env["CACHE_REDIS_URL"],
            stripe_secret_key=env["STRIPE_SECRET_KEY"],
            stripe_secret_key_fallbacks=listed(env.get("STRIPE_SECRET_KEY_FALLBACKS") or ""),
            stripe_publishable_key=env["STRIPE_PUBLISHABLE_KEY"],
            stripe_webhook_secrets=listed(env["STRIPE_WEBHOOK_SECRET"]),
            stripe_connect_webhook_secrets=listed(env.get("STRIPE_CONNECT_WEBHOOK_SECRET") or ""),
            stripe_thin_webhook_secrets=listed(env.get("STRIPE_THIN_WEBHOOK_SECRET") or ""),
            stripe_api_base=(env.get("STRIPE_API_BASE") or "").rstrip("/") or None,
            stripe_accounts_api=env.get("STRIPE_ACCOUNTS_API") or "v2",
            smtp_url=env.get("SMTP_URL") or None,
            mail_from=env.get("MAIL_FROM") or "payments@localhost",
            alert_mail_to=env.get("ALERT_MAIL_TO") or None,
            alert_webhook_url=env.get("ALERT_WEBHOOK_URL") or None,
            alert_webhook_secrets=listed(env.get("ALERT_WEBHOOK_SECRET") or ""),
            alert_reminder_minutes=int(env.get("ALERT_REMINDER_MINUTES") or 60),
            alert_file=Path(env.get("ALERT_FILE") or _ALERT_FILE),
            metrics_tokens=listed(env.get("METRICS_TOKEN") or ""),
            business_timezone=env.get("BUSINESS_TIMEZONE") or "UTC",
            charge_concurrency=int(env.get("CHARGE_CONCURRENCY") or 10),
            api_rate_limit=env.get("API_RATE_LIMIT") or "600/minute",
            platform_fee_fixed=_fees(env.get("PLATFORM_FEE_FIXED") or ""),
            checkout_rate_limit=env.get("CHECKOUT_RATE_LIMIT") or "10/minute",
            checkout_challenge=env.get("CHECKOUT_CHALLENGE") or "auto",
            stock_hold_buyer_percent=int(env.get("STOCK_HOLD_BUYER_PERCENT") or 50),
            stock_hold_network_percent=int(env.get("STOCK_HOLD_NETWORK_PERCENT") or 50),
            sign_in_link_minutes=int(env.get("SIGN_IN_LINK_MINUTES") or 15),
            legal_keeping_days=int(env.get("LEGAL_KEEPING_DAYS") or 540),
            double_payment_minutes=int(env.get("DOUBLE_PAYMENT_MINUTES") or 10),
            turnstile_site_key=env.get("TURNSTILE_SITE_KEY") or None,
            turnstile_secret_key=env.get("TURNSTILE_SECRET_KEY") or None,
            turnstile_api_base=(env.get("TURNSTILE_API_BASE") or "").rstrip("/") or None,
            proxy_hops=int(env.get("PROXY_HOPS") or 0),
            sentry_dsn=env.get("SENTRY_DSN") or None,
            otlp_endpoint=(env.get("OTEL_EXPORTER_OTLP_ENDPOINT") or "").rstrip("/") or None,
            cdn_purge_url=env.get("CDN_PURGE_URL") or None,
            cdn_purge_token=env.get("CDN_PURGE_TOKEN") or None,
            security_contact=env.get("SECURITY_CONTACT") or None,
            data_dir=Path(env.get("DATA_DIR") or "data"),
            demo_password=env.get("DEMO_PASSWORD") or None,
            debug=flag(env, "FLASK_DEBUG"),
        )

    @classmethod
    def of_process(cls, env: Mapping[str, str]) -> Config:
        """As from_env, for a process that can't run without: it ends with the problems' sentences,
        as every command ends that was used wrongly, and no traceback hides them."""
        try:
            return cls.from_env(env)
        except ConfigError as error:
            sys.exit(str(error))

    @property
    def signing_keys(self) -> list[str]:
        """The oldest first; the last one signs, all verify."""
        return [*reversed(self.secret_key_fallbacks), self.secret_key]

    @property
    def stripe_keys(self) -> tuple[str, ...]:
        """Our keys at Stripe, in the order in which they are tried."""
        return (self.stripe_secret_key, *self.stripe_secret_key_fallbacks)

    @property
    def tls(self) -> bool:
        """Whether buyers reach us over TLS: then cookies are Secure and HSTS is sent."""
        return self.public_url.startswith("https://")

    @property
    def live(self) -> bool:
        """Whether the Stripe key moves real money."""
        return is_live(self.stripe_secret_key)

    @property
    def webhook_secrets(self) -> tuple[str, ...]:
        """Those of every event destination: each posts to the same address."""
        return (
            *self.stripe_webhook_secrets,
            *self.stripe_connect_webhook_secrets,
            *self.stripe_thin_webhook_secrets,
        )

    @property
    def sandboxed(self) -> bool:
        """Whether a stand-in answers for Stripe."""
        return self.stripe_api_base is not None

    @property
    def second_factor_required(self) -> bool:
        """Whether staff who may move money need a second factor: anywhere but in the demo."""
        return not self.sandboxed

    @property
    def turnstile_base(self) -> str:
        """Where the challenge comes from: its provider, or the stand-in for it."""
        return self.turnstile_api_base or TURNSTILE

    @property
    def stripe_js_url(self) -> str:
        """The script that draws the card fields: Stripe's own, or the stand-in's."""
        return f"{self.stripe_api_base}/stripe.js" if self.stripe_api_base else STRIPE_JS


def _with_driver(url: str) -> str:
    return re.sub(r"^postgres(ql)?://", "postgresql+psycopg://", url)


def _fees(value: str) -> dict[str, int]:
    pairs = (part.partition(":") for part in listed(value.lower()))
    return {currency.strip(): int(amount) for currency, _, amount in pairs}
