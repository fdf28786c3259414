"""Keys of the challenge's provider, and the stand-in for it."""

from __future__ import annotations

import re
from collections.abc import Mapping

from payments_app.config_checks.read import is_loopback, is_stand_in

# Cloudflare's keys for tests say yes to everybody.
# https://developers.cloudflare.com/turnstile/troubleshooting/testing/
_FOR_TESTS = re.compile(r"[123]x0{10,}[0-9A-F]{2}")
# What stands where a key is to be put. Cloudflare's own begin with as many as eight A.
_PLACEHOLDER = re.compile(r"(?i)(your|my|change|x{3}|site|secret)|.*([^0A])\2{7}")


def _check_turnstile(env: Mapping[str, str]) -> list[str]:
    site_key, secret_key = env.get("TURNSTILE_SITE_KEY", ""), env.get("TURNSTILE_SECRET_KEY", "")
    base, problems = env.get("TURNSTILE_API_BASE", ""), []
    if bool(site_key) != bool(secret_key):
        problems.append("TURNSTILE_SITE_KEY and TURNSTILE_SECRET_KEY must be set together")
    if not re.fullmatch(r"[A-Za-z0-9_.-]*", f"{site_key}{secret_key}"):
        problems.append("TURNSTILE_SITE_KEY and TURNSTILE_SECRET_KEY must be as Cloudflare shows")
    if len(site_key) >= len(secret_key) > 0:  # Cloudflare's have 24 and 35 characters
        problems.append(
            "TURNSTILE_SITE_KEY must be the site's, TURNSTILE_SECRET_KEY the secret one"
        )
    if _PLACEHOLDER.match(secret_key):
        problems.append("TURNSTILE_SECRET_KEY must be as Cloudflare shows it, no example")
    public = env.get("PUBLIC_URL", "")
    if public and not is_loopback(public):
        if any(_FOR_TESTS.fullmatch(key) for key in (site_key, secret_key)):
            problems.append("TURNSTILE_SITE_KEY must not be one of Cloudflare's for tests")
        if base:
            problems.append(
                "TURNSTILE_API_BASE is for this machine alone: leave it out where others reach"
                " PUBLIC_URL"
            )
    if base and not is_stand_in(base):
        problems.append("TURNSTILE_API_BASE must be a stand-in on this machine")
    return problems


CHECKS = (_check_turnstile,)
