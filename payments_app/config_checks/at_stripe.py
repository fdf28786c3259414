"""Our keys at Stripe, and the stand-in for it."""

from __future__ import annotations

import re
from collections.abc import Mapping

from payments_app.config_checks.read import flag, is_stand_in, listed
from payments_app.config_checks.weak_secrets import is_guessable

_KEY = re.compile(r"(sk|rk)_(test|live)_\w+", re.ASCII)
# What stands where a key is to be put. A short word counts only where chance hardly puts it: at an
# end, or beside a _, of which Stripe's own keys have none.
_PLACEHOLDER = re.compile(
    r"[a-z]{2}_(test|live)_((your|my_|todo).*|.*(_key|_here|keyhere)|(?P<all>.)(?P=all){2,}"
    r"|.*(?P<many>.)(?P=many){7}.*|.*(change_?me|placeholder|replace|example|insert_).*"
    r"|.*[srp]k_(test|live).*)",  # one key behind the other
    re.IGNORECASE,
)
_WHOLE_LIVE = re.compile(r"[a-z]{2}_live_\w{16,}", re.ASCII)  # Stripe's have 24 and more
# Stripe's documentation shows these to everybody.
_PUBLISHED = ("sk_test_4eC39HqLyjWDarjtT1zdp7dc", "pk_test_TYooMQauvdEDq54NiTphI7jx")


def is_live(key: str) -> bool:
    """Whether a key of Stripe's is of live mode, where real money moves."""
    return key[2:8] == "_live_"


def _check_stripe(env: Mapping[str, str]) -> list[str]:
    problems = []
    secret, publishable = env.get("STRIPE_SECRET_KEY", ""), env.get("STRIPE_PUBLISHABLE_KEY", "")
    if secret and not _KEY.fullmatch(secret):
        problems.append(
            "STRIPE_SECRET_KEY must begin with sk_test_, sk_live_, rk_test_ or rk_live_"
        )
    if publishable and not re.fullmatch(r"pk_(test|live)_\w+", publishable, re.ASCII):
        problems.append("STRIPE_PUBLISHABLE_KEY must begin with pk_test_ or pk_live_")
    if secret and publishable and is_live(secret) != is_live(publishable):
        problems.append("STRIPE_SECRET_KEY and STRIPE_PUBLISHABLE_KEY must be of one mode")
    for old in listed(env.get("STRIPE_SECRET_KEY_FALLBACKS", "")):
        if not _KEY.fullmatch(old) or is_live(old) != is_live(secret):
            problems.append("STRIPE_SECRET_KEY_FALLBACKS must each be a key of the same mode")
    if secret in listed(env.get("STRIPE_SECRET_KEY_FALLBACKS", "")):
        problems.append("STRIPE_SECRET_KEY must be a new one, which is not among those before it")
    problems += [
        f"{name} must be a key of your own, as the Dashboard shows it, in the place of the example"
        for name in ("STRIPE_SECRET_KEY", "STRIPE_PUBLISHABLE_KEY", "STRIPE_SECRET_KEY_FALLBACKS")
        if any(
            one in _PUBLISHED
            or _PLACEHOLDER.fullmatch(one)
            or (is_live(one) and (not _WHOLE_LIVE.fullmatch(one) or is_guessable(one[8:], 16)))
            for one in listed(env.get(name, ""))
        )
    ]
    base = env.get("STRIPE_API_BASE", "")
    if base and not is_stand_in(base):
        problems.append(
            "STRIPE_API_BASE must be a stand-in on this machine (leave it out for Stripe)"
        )
    if env.get("STRIPE_ACCOUNTS_API") not in {None, "", "v1", "v2"}:
        problems.append("STRIPE_ACCOUNTS_API must be v1 or v2")
    if is_live(secret) and (base or flag(env, "FLASK_DEBUG")):
        problems.append("a live STRIPE_SECRET_KEY is refused with STRIPE_API_BASE or FLASK_DEBUG")
    return problems


CHECKS = (_check_stripe,)
