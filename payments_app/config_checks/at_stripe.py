"""Our keys at Stripe, and the stand-in for it."""

from __future__ import annotations

import re
from collections.abc import Mapping

from payments_app.config_checks.read import flag, is_loopback, listed

_KEY = re.compile(r"(sk|rk)_(test|live)_\w+", re.ASCII)


def _check_stripe(env: Mapping[str, str]) -> list[str]:
    problems = []
    secret, publishable = env.get("STRIPE_SECRET_KEY", ""), env.get("STRIPE_PUBLISHABLE_KEY", "")
    if secret and not _KEY.fullmatch(secret):
        problems.append(
            "STRIPE_SECRET_KEY must begin with sk_test_, sk_live_, rk_test_ or rk_live_"
        )
    if publishable and not re.fullmatch(r"pk_(test|live)_\w+", publishable, re.ASCII):
        problems.append("STRIPE_PUBLISHABLE_KEY must begin with pk_test_ or pk_live_")
    if secret and publishable and ("_live_" in secret) != ("_live_" in publishable):
        problems.append("STRIPE_SECRET_KEY and STRIPE_PUBLISHABLE_KEY must be of one mode")
    for old in listed(env.get("STRIPE_SECRET_KEY_FALLBACKS", "")):
        if not _KEY.fullmatch(old) or ("_live_" in old) != ("_live_" in secret):
            problems.append("STRIPE_SECRET_KEY_FALLBACKS must each be a key of the same mode")
    if secret in listed(env.get("STRIPE_SECRET_KEY_FALLBACKS", "")):
        problems.append("STRIPE_SECRET_KEY must be a new one, which is not among those before it")
    base = env.get("STRIPE_API_BASE", "")
    if base and not (base.startswith(("http://", "https://")) and is_loopback(base)):
        problems.append(
            "STRIPE_API_BASE must be a stand-in on this machine (leave it out for Stripe)"
        )
    if env.get("STRIPE_ACCOUNTS_API") not in {None, "", "v1", "v2"}:
        problems.append("STRIPE_ACCOUNTS_API must be v1 or v2")
    if "_live_" in secret and (base or flag(env, "FLASK_DEBUG")):
        problems.append("a live STRIPE_SECRET_KEY is refused with STRIPE_API_BASE or FLASK_DEBUG")
    return problems


CHECKS = (_check_stripe,)
