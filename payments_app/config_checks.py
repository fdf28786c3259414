"""What is wrong with an environment, each problem in words that say what to set."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

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
_WEBHOOK_SECRETS = (
    "STRIPE_WEBHOOK_SECRET",
    "STRIPE_CONNECT_WEBHOOK_SECRET",
    "STRIPE_THIN_WEBHOOK_SECRET",
)
# The host as browsers send it: one with other letters is written xn--...
_ADDRESS = re.compile(r"https?://([A-Za-z0-9.-]+|\[[0-9a-fA-F:.]+\])(:[0-9]{1,5})?/?")
_DEFAULT_LIKE = re.compile(r"change|secret|default|example|password|dev", re.IGNORECASE)


def problems_of(env: Mapping[str, str]) -> list[str]:
    """Every missing or wrong setting."""
    missing = [f"{name} is missing" for name in REQUIRED if not env.get(name)]
    return missing + [problem for check in _CHECKS for problem in check(env)]


def listed(value: str) -> tuple[str, ...]:
    """The parts of a comma-separated value."""
    return tuple(part.strip() for part in value.split(",") if part.strip())


def flag(env: Mapping[str, str], name: str) -> bool:
    """Whether a setting says yes."""
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
    elif public and not _ADDRESS.fullmatch(public):
        problems.append("PUBLIC_URL must be scheme and host alone, such as https://pay.example.com")
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
    problems += [
        f"{name} must begin with whsec_ (several: comma-separated)"
        for name in _WEBHOOK_SECRETS
        if any(not secret.startswith("whsec_") for secret in listed(env.get(name, "")))
    ]
    base = env.get("STRIPE_API_BASE", "")
    if base and not _is_loopback(base):
        problems.append(
            "STRIPE_API_BASE must be a stand-in on this machine (leave it out for Stripe)"
        )
    if env.get("STRIPE_ACCOUNTS_API") not in {None, "", "v1", "v2"}:
        problems.append("STRIPE_ACCOUNTS_API must be v1 or v2")
    if "_live_" in secret and (base or flag(env, "FLASK_DEBUG")):
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
    if not re.fullmatch(r"[1-9]|[1-5]\d|6[0-4]", env.get("CHARGE_CONCURRENCY") or "10"):
        problems.append("CHARGE_CONCURRENCY must be a whole number from 1 to 64")
    if not re.fullmatch(r"[0-5]", env.get("PROXY_HOPS") or "0"):
        problems.append("PROXY_HOPS must be the number of our own proxies before the app, 0 to 5")
    if not re.fullmatch(r"\d+/(second|minute|hour)", env.get("CHECKOUT_RATE_LIMIT") or "1/second"):
        problems.append("CHECKOUT_RATE_LIMIT must read like 10/minute")
    if not re.fullmatch(
        r"([A-Za-z]{3}:\d{1,9})?(\s*,\s*[A-Za-z]{3}:\d{1,9})*", env.get("PLATFORM_FEE_FIXED") or ""
    ):
        problems.append("PLATFORM_FEE_FIXED must read like usd:30,jpy:45 (minor units)")
    if not re.fullmatch(r"[1-9]|[1-5]\d|60", env.get("SIGN_IN_LINK_MINUTES") or "15"):
        problems.append("SIGN_IN_LINK_MINUTES must be a whole number from 1 to 60")
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
