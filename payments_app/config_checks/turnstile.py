"""Keys of the challenge's provider, and the stand-in for it."""

from __future__ import annotations

import re
from collections.abc import Mapping

from payments_app.config_checks.read import is_loopback

# Cloudflare's keys for tests say yes to everybody.
# https://developers.cloudflare.com/turnstile/troubleshooting/testing/
_FOR_TESTS = re.compile(r"[123]x0{10,}[0-9A-F]{2}")


def _check_turnstile(env: Mapping[str, str]) -> list[str]:
    site_key, secret_key = env.get("TURNSTILE_SITE_KEY", ""), env.get("TURNSTILE_SECRET_KEY", "")
    base, problems = env.get("TURNSTILE_API_BASE", ""), []
    if bool(site_key) != bool(secret_key):
        problems.append("TURNSTILE_SITE_KEY and TURNSTILE_SECRET_KEY must be set together")
    if not re.fullmatch(r"[A-Za-z0-9_.-]*", f"{site_key}{secret_key}"):
        problems.append("TURNSTILE_SITE_KEY and TURNSTILE_SECRET_KEY must be as Cloudflare shows")
    public = env.get("PUBLIC_URL", "")
    if public and not is_loopback(public):
        if any(_FOR_TESTS.fullmatch(key) for key in (site_key, secret_key)):
            problems.append("TURNSTILE_SITE_KEY must not be one of Cloudflare's for tests")
        if base:
            problems.append(
                "TURNSTILE_API_BASE is for this machine alone: leave it out where others reach"
                " PUBLIC_URL"
            )
    if base and not (base.startswith("http://") and is_loopback(base)):
        problems.append("TURNSTILE_API_BASE must be a stand-in on this machine")
    return problems


CHECKS = (_check_turnstile,)
