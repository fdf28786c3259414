"""Numbers within their bounds, and choices among those that there are."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from zoneinfo import available_timezones

from babel.numbers import list_currencies

from payments_app.config_checks.read import is_flag, listed, matches

_RATE = r"([1-9]\d{0,5})/(second|minute|hour)"


def _check_numbers(env: Mapping[str, str]) -> list[str]:
    problems = []
    if not matches(r"[2-9]|[1-5]\d|6[0-4]", env.get("CHARGE_CONCURRENCY") or "10"):
        # One thread could leave none free for a buyer beside a batch.
        problems.append("CHARGE_CONCURRENCY must be a whole number from 2 to 64")
    if not matches(r"[1-9]|[1-5]\d|60", env.get("SIGN_IN_LINK_MINUTES") or "15"):
        problems.append("SIGN_IN_LINK_MINUTES must be a whole number from 1 to 60")
    for name in ("DOUBLE_PAYMENT_MINUTES", "ALERT_REMINDER_MINUTES"):
        if not matches(r"[1-9]\d{0,2}|1[0-3]\d\d|14[0-3]\d|1440", env.get(name) or "10"):
            problems.append(f"{name} must be a whole number from 1 to 1440")
    if not matches(r"\d{1,4}", env.get("LEGAL_KEEPING_DAYS") or "540"):
        problems.append("LEGAL_KEEPING_DAYS must be a whole number from 0 to 9999")
    for name in ("STOCK_HOLD_BUYER_PERCENT", "STOCK_HOLD_NETWORK_PERCENT"):
        if not matches(r"[1-9]\d?|100", env.get(name) or "50"):
            problems.append(f"{name} must be a whole number from 1 to 100")
    if not matches(r"[0-5]", env.get("PROXY_HOPS") or "0"):
        problems.append("PROXY_HOPS must be the number of our own proxies before the app, 0 to 5")
    if not matches(r"[1-9]\d{0,2}", env.get("WEB_CONCURRENCY") or "1"):
        problems.append("WEB_CONCURRENCY must be a whole number from 1 to 999")
    port = env.get("PORT") or "8000"
    if not matches(r"[1-9]\d{0,4}", port) or int(port) > 65535:
        problems.append("PORT must be a number from 1 to 65535")
    for name in ("CHECKOUT_RATE_LIMIT", "API_RATE_LIMIT"):
        if not matches(_RATE, env.get(name) or "1/second"):
            problems.append(f"{name} must read like 10/minute, from 1 to 999999")
    return problems


def _check_flags(env: Mapping[str, str]) -> list[str]:
    return [
        f"{name} must be 1 or 0"
        for name in ("DATABASE_POOLED", "FLASK_DEBUG")
        if not is_flag(env.get(name, ""))
    ]


def _check_fees(env: Mapping[str, str]) -> list[str]:
    parts = listed(env.get("PLATFORM_FEE_FIXED", "").lower())
    readable = all(matches(r"[a-z]{3}:[0-9]{1,9}", part) for part in parts)
    readable = readable and {part[:3].upper() for part in parts} <= list_currencies()
    if not readable or len({part[:3] for part in parts}) < len(parts):
        return ["PLATFORM_FEE_FIXED must read like usd:30,jpy:45 (minor units, a currency once)"]
    return []


def _check_choices(env: Mapping[str, str]) -> list[str]:
    problems = []
    if env.get("CHECKOUT_CHALLENGE") not in {None, "", "off", "auto", "always"}:
        problems.append("CHECKOUT_CHALLENGE must be off, auto or always")
    if (env.get("BUSINESS_TIMEZONE") or "UTC") not in _zones():
        problems.append("BUSINESS_TIMEZONE must be a zone's name such as Europe/Zurich")
    return problems


@cache
def _zones() -> set[str]:
    """Without right/..., which counts leap seconds, and without `localtime` and `Factory`, which
    are whatever a machine says. To list them takes 5 ms."""
    return available_timezones() - {"localtime", "Factory"}


CHECKS = (_check_numbers, _check_flags, _check_fees, _check_choices)
