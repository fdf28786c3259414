"""The environment, read once into one frozen Config.

Every missing or wrong setting is named in one message, so that a deployment is mended in one go.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

STRIPE_JS = "https://js.stripe.com/endive/stripe.js"
_REQUIRED = (
    "SECRET_KEY",
    "PUBLIC_URL",
    "DATABASE_URL",
    "REDIS_URL",
    "CACHE_REDIS_URL",
    "STRIPE_SECRET_KEY",
    "STRIPE_PUBLISHABLE_KEY",
    "STRIPE_WEBHOOK_SECRET",
)
_DEFAULT_LIKE = re.compile(r"change|secret|default|example|password|dev", re.IGNORECASE)


class ConfigError(ValueError):
    """The environment can't be run with; its message lists every problem, a line each."""


@dataclass(frozen=True)
class Config:
    """All settings. Urls without a trailing slash; `charge_concurrency` in charges at once.

    `proxy_hops` is how many proxies of ours stand before the app: so many entries of
    X-Forwarded-For are believed. 0 believes none.
    """

    secret_key: str
    public_url: str
    database_url: str
    redis_url: str
    cache_redis_url: str
    stripe_secret_key: str
    stripe_publishable_key: str
    stripe_webhook_secrets: tuple[str, ...]
    stripe_api_base: str | None
    smtp_url: str | None
    mail_from: str
    alert_mail_to: str | None
    alert_webhook_url: str | None
    alert_webhook_secret: str | None
    metrics_token: str | None
    business_timezone: str
    charge_concurrency: int
    checkout_rate_limit: str
    platform_fee_fixed: Mapping[str, int]  # by currency, in minor units
    checkout_challenge: str
    proxy_hops: int
    sentry_dsn: str | None
    cdn_purge_url: str | None
    cdn_purge_token: str | None
    data_dir: Path
    demo_password: str | None
    debug: bool

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> Config:
        """Read the settings; raise ConfigError that names every missing or wrong one."""
        problems = [f"{name} is missing" for name in _REQUIRED if not env.get(name)]
        problems += [problem for check in _CHECKS for problem in check(env)]
        if problems:
            raise ConfigError("The configuration can't be used:\n  " + "\n  ".join(problems))
        return cls(
            secret_key=env["SECRET_KEY"],
            public_url=env["PUBLIC_URL"].rstrip("/"),
            database_url=_with_driver(env["DATABASE_URL"]),
            redis_url=env["REDIS_URL"],
            cache_redis_url=env["CACHE_REDIS_URL"],
            stripe_secret_key=env["STRIPE_SECRET_KEY"],
            stripe_publishable_key=env["STRIPE_PUBLISHABLE_KEY"],
            stripe_webhook_secrets=_list(env["STRIPE_WEBHOOK_SECRET"]),
            stripe_api_base=(env.get("STRIPE_API_BASE") or "").rstrip("/") or None,
            smtp_url=env.get("SMTP_URL") or None,
            mail_from=env.get("MAIL_FROM") or "payments@localhost",
            alert_mail_to=env.get("ALERT_MAIL_TO") or None,
            alert_webhook_url=env.get("ALERT_WEBHOOK_URL") or None,
            alert_webhook_secret=env.get("ALERT_WEBHOOK_SECRET") or None,
            metrics_token=env.get("METRICS_TOKEN") or None,
            business_timezone=env.get("BUSINESS_TIMEZONE") or "UTC",
            charge_concurrency=int(env.get("CHARGE_CONCURRENCY") or 10),
            platform_fee_fixed=_fees(env.get("PLATFORM_FEE_FIXED") or ""),
            checkout_rate_limit=env.get("CHECKOUT_RATE_LIMIT") or "10/minute",
            checkout_challenge=env.get("CHECKOUT_CHALLENGE") or "auto",
            proxy_hops=int(env.get("PROXY_HOPS") or 0),
            sentry_dsn=env.get("SENTRY_DSN") or None,
            cdn_purge_url=env.get("CDN_PURGE_URL") or None,
            cdn_purge_token=env.get("CDN_PURGE_TOKEN") or None,
            data_dir=Path(env.get("DATA_DIR") or "data"),
            demo_password=env.get("DEMO_PASSWORD") or None,
            debug=_flag(env, "FLASK_DEBUG"),
        )

    @property
    def tls(self) -> bool:
        """Whether buyers reach us over TLS: then cookies are Secure and HSTS is sent."""
        return self.public_url.startswith("https://")

    @property
    def live(self) -> bool:
        """Whether the Stripe key moves real money."""
        return "_live_" in self.stripe_secret_key

    @property
    def sandboxed(self) -> bool:
        """Whether a stand-in answers for Stripe."""
        return self.stripe_api_base is not None

    @property
    def stripe_js_url(self) -> str:
        """The script that draws the card fields: Stripe's own, or the stand-in's."""
        return f"{self.stripe_api_base}/stripe.js" if self.stripe_api_base else STRIPE_JS


def _with_driver(url: str) -> str:
    return re.sub(r"^postgres(ql)?://", "postgresql+psycopg://", url)


def _list(value: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in value.split(",") if part.strip())


def _fees(value: str) -> dict[str, int]:
    pairs = (part.partition(":") for part in _list(value.lower()))
    return {currency.strip(): int(amount) for currency, _, amount in pairs}


def _flag(env: Mapping[str, str], name: str) -> bool:
    return env.get(name, "").lower() in {"1", "true", "yes", "on"}


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _check_secret_key(env: Mapping[str, str]) -> list[str]:
    key = env.get("SECRET_KEY", "")
    if not key:
        return []
    if len(key) < 32 or (_DEFAULT_LIKE.search(key) and len(set(key)) < 16):
        return [
            "SECRET_KEY must be at least 32 random characters "
            "(python -c 'import secrets; print(secrets.token_urlsafe(48))')"
        ]
    return []


def _check_urls(env: Mapping[str, str]) -> list[str]:
    problems = []
    public = env.get("PUBLIC_URL", "")
    if public and not public.startswith(("https://", "http://")):
        problems.append("PUBLIC_URL must begin with https:// (http:// on this machine only)")
    elif public.startswith("http://") and not _is_loopback(public):
        problems.append("PUBLIC_URL must be https:// for any host but this machine")
    database = env.get("DATABASE_URL", "")
    if database and not re.match(r"(postgres(ql)?(\+psycopg)?|sqlite)://", database):
        problems.append("DATABASE_URL must begin with postgresql:// or sqlite:///")
    for name in ("REDIS_URL", "CACHE_REDIS_URL"):
        if env.get(name) and not re.match(r"(rediss?|unix)://", env[name]):
            problems.append(f"{name} must begin with redis://, rediss:// or unix://")
    purge = env.get("CDN_PURGE_URL", "")
    if purge and not (purge.startswith("https://") or _is_loopback(purge)):
        problems.append("CDN_PURGE_URL must begin with https://")
    return problems


def _check_stripe(env: Mapping[str, str]) -> list[str]:
    problems = []
    secret, publishable = env.get("STRIPE_SECRET_KEY", ""), env.get("STRIPE_PUBLISHABLE_KEY", "")
    if secret and not re.match(r"(sk|rk)_(test|live)_\w+$", secret):
        problems.append(
            "STRIPE_SECRET_KEY must begin with sk_test_, sk_live_, rk_test_ or rk_live_"
        )
    if publishable and not re.match(r"pk_(test|live)_\w+$", publishable):
        problems.append("STRIPE_PUBLISHABLE_KEY must begin with pk_test_ or pk_live_")
    if secret and publishable and ("_live_" in secret) != ("_live_" in publishable):
        problems.append("STRIPE_SECRET_KEY and STRIPE_PUBLISHABLE_KEY must be of one mode")
    if any(not s.startswith("whsec_") for s in _list(env.get("STRIPE_WEBHOOK_SECRET", ""))):
        problems.append("STRIPE_WEBHOOK_SECRET must begin with whsec_ (several: comma-separated)")
    base = env.get("STRIPE_API_BASE", "")
    if base and not _is_loopback(base):
        problems.append(
            "STRIPE_API_BASE must be a stand-in on this machine (leave it out for Stripe)"
        )
    if "_live_" in secret and (base or _flag(env, "FLASK_DEBUG")):
        problems.append("a live STRIPE_SECRET_KEY is refused with STRIPE_API_BASE or FLASK_DEBUG")
    return problems


def _check_alerts(env: Mapping[str, str]) -> list[str]:
    problems = []
    url, secret = env.get("ALERT_WEBHOOK_URL", ""), env.get("ALERT_WEBHOOK_SECRET", "")
    if (
        url
        and not url.startswith("https://")
        and not (url.startswith("http://") and _is_loopback(url))
    ):
        problems.append("ALERT_WEBHOOK_URL must be https:// for any host but this machine")
    if url and not re.fullmatch(r"whsec_([A-Za-z0-9+/]{4}){6,}[A-Za-z0-9+/=]{0,4}", secret):
        problems.append(
            "ALERT_WEBHOOK_SECRET must be whsec_ and at least 24 random characters of base64"
            " (python -c 'import secrets, base64;"
            ' print("whsec_" + base64.b64encode(secrets.token_bytes(24)).decode())\')'
        )
    if env.get("ALERT_MAIL_TO") and not env.get("SMTP_URL"):
        problems.append("ALERT_MAIL_TO needs SMTP_URL")
    if 0 < len(env.get("METRICS_TOKEN", "")) < 16:
        problems.append("METRICS_TOKEN must be at least 16 random characters")
    return problems


def _check_mail(env: Mapping[str, str]) -> list[str]:
    url = env.get("SMTP_URL", "")
    try:
        parts = urlsplit(url)
        named = parts.port != 0 and bool(parts.hostname)
    except ValueError:
        return ["SMTP_URL must have a port from 1 to 65535, or none"]
    if url and parts.scheme not in {"smtp", "smtps"}:
        return ["SMTP_URL must begin with smtp:// (STARTTLS) or smtps:// (TLS from the start)"]
    if url and not named:
        return ["SMTP_URL must name a host, as in smtp://user:password@mail.example.com:587"]
    return []


def _check_numbers(env: Mapping[str, str]) -> list[str]:
    problems = []
    if not re.fullmatch(r"[1-9]\d{0,2}", env.get("CHARGE_CONCURRENCY") or "10"):
        problems.append("CHARGE_CONCURRENCY must be a whole number from 1 to 999")
    if not re.fullmatch(r"[0-5]", env.get("PROXY_HOPS") or "0"):
        problems.append("PROXY_HOPS must be the number of our own proxies before the app, 0 to 5")
    if not re.fullmatch(r"\d+/(second|minute|hour)", env.get("CHECKOUT_RATE_LIMIT") or "1/second"):
        problems.append("CHECKOUT_RATE_LIMIT must read like 10/minute")
    if not re.fullmatch(
        r"([A-Za-z]{3}:\d{1,9})?(\s*,\s*[A-Za-z]{3}:\d{1,9})*", env.get("PLATFORM_FEE_FIXED") or ""
    ):
        problems.append("PLATFORM_FEE_FIXED must read like usd:30,jpy:45 (minor units)")
    if env.get("CHECKOUT_CHALLENGE") not in {None, "", "off", "auto", "always"}:
        problems.append("CHECKOUT_CHALLENGE must be off, auto or always")
    try:
        ZoneInfo(env.get("BUSINESS_TIMEZONE") or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        problems.append("BUSINESS_TIMEZONE must be a zone's name such as Europe/Zurich")
    return problems


_CHECKS = (
    _check_secret_key,
    _check_urls,
    _check_stripe,
    _check_alerts,
    _check_mail,
    _check_numbers,
)
