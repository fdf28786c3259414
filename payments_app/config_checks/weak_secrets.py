"""Secrets of our own choice: long enough, and not to be guessed."""

from __future__ import annotations

import binascii
import contextlib
import hashlib
import re
from collections.abc import Iterator, Mapping
from itertools import pairwise
from urllib.parse import parse_qsl, unquote, urlsplit

from payments_app.config_checks.read import is_loopback, listed

WEBHOOK_SECRETS = (
    "STRIPE_WEBHOOK_SECRET",
    "STRIPE_CONNECT_WEBHOOK_SECRET",
    "STRIPE_THIN_WEBHOOK_SECRET",
)
# Settings of one kind may hold the same secret.
_KINDS = {
    **dict.fromkeys(("SECRET_KEY", "SECRET_KEY_FALLBACKS"), "SECRET_KEY"),
    **dict.fromkeys(WEBHOOK_SECRETS, "Stripe"),
    **dict.fromkeys(("STRIPE_SECRET_KEY", "STRIPE_SECRET_KEY_FALLBACKS"), "STRIPE_SECRET_KEY"),
    **{
        name: name
        for name in (
            "ALERT_WEBHOOK_SECRET",
            "METRICS_TOKEN",
            "TURNSTILE_SECRET_KEY",
            "CDN_PURGE_TOKEN",
        )
    },
}
_WITH_PASSWORDS = ("DATABASE_URL", "REDIS_URL", "CACHE_REDIS_URL", "SMTP_URL")
# What others are told: a server, or every browser.
_TOLD = (
    *_WITH_PASSWORDS,
    *("ALERT_WEBHOOK_URL", "CDN_PURGE_URL", "SENTRY_DSN", "OTEL_EXPORTER_OTLP_ENDPOINT"),
    *("TURNSTILE_SITE_KEY", "STRIPE_PUBLISHABLE_KEY"),
    *("SHOP_NAME", "SHOP_URL", "SHOP_TERMS_URL", "SHOP_REFUND_POLICY_URL", "SHOP_CONTACT"),
    *("SHOP_ADDRESS", "SHOP_TAX_ID", "PUBLIC_URL", "MAIL_FROM", "SECURITY_CONTACT"),
)
_LEAST = 12  # characters of a password that is looked for in what others are told
# What chance does not write: a long word, or two short ones between marks.
_WORDS = re.compile(
    r"change|secret|insecure|default|example|password|placeholder|replace|insert|production|payment"
    r"|prometheus|scraper|metrics|deadbeef|cafebabe|feedface|badf00d",
    re.IGNORECASE,
)
_SHORT_WORDS = re.compile(
    r"(?<![^_\W])(dev|test|your|here|this|is|the|key|for|our|prod|shop|of|with|and|to|todo|set|me)"
    r"(?![^_\W])",
    re.IGNORECASE,
)
# Words between marks, as in a passphrase that a web page invents.
_PASSPHRASE = re.compile(r"[A-Za-z][a-z]{2,}([-_.][A-Za-z][a-z]{2,}){3,}")
_STANDARD = str.maketrans("-_", "+/")  # base64 as it is written in addresses, too
_LETTERS = str.maketrans("430157$@", "aeoistsa")  # of words that are written with digits
_IN_A_ROW = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
# What stands for a secret: a command, a variable, a place to fill in, an address. A shell or a
# vault would have put the secret there; a file of settings that neither of them reads holds this.
_STANDS_FOR_ONE = re.compile(
    r".*\s.*|\$\w+|\$.*[)}]|`.*`|\{\{.*\}\}|<.*>|\w+://.*|[a-z]{2,8}:.*[/:].*", re.DOTALL
)
_WEBHOOK_SECRET = re.compile(r"whsec_([A-Za-z0-9+/=_-]{24,})")
_STANDARD_SECRET = re.compile(
    r"whsec_(([A-Za-z0-9+/]{4}){6,}([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?)"
)


# What stands in documentation that everybody reads, of Flask, FastAPI and Standard Webhooks, in
# lower case.
_PUBLISHED = frozenset(
    {
        "550e8400-e29b-41d4-a716-446655440000",  # RFC 9562 and its predecessors
        "192b9bdd22ab9ed4d12e236c78afcb9a393ec15f71bbf5dc987d54727823bcbf",
        "09d25e094faa6ca2556c818166b7a9563b93f7099f6f0f4caa6cf63b88e8d3e7",
        "mfkq9r8gkyqrtwjupd8ilpzio2lalasw",
        "c2fvsbqihrscchlqimv+b5ssyspob7od",
    }
)
# Hashes of these, with and without the end of their line, are looked up on any page of the web.
_HASHED_OFTEN = ("", "password", "secret", "admin", "test", "changeme", "123456", "hello", "foo")
_TRIED_FIRST = frozenset(
    {
        *(*_HASHED_OFTEN, "postgres", "redis", "payments", "payments_app", "root"),
        *("12345678", "123456789", "1234567890", "password1", "secret123", "qwerty", "letmein"),
    }
)
_HASHES = frozenset(
    hashlib.new(name, f"{word}{end}".encode(), usedforsecurity=False).hexdigest()
    for name in ("md5", "sha1", "sha256")
    for word in _HASHED_OFTEN
    for end in ("", "\n")
)


def is_guessable(secret: str, length: int) -> bool:
    """Whether a secret is shorter than `length` characters, of few different ones, digits alone,
    a repetition, a row such as abcdef or qwerty, words, also in base64 or hex, what only stands
    for one, or what was published."""
    triples = {secret[start : start + 3] for start in range(len(secret) - 2)}
    steps = sum(abs(ord(one) - ord(two)) <= 1 for one, two in pairwise(secret))
    return (
        len(secret) < length
        or len(set(secret)) < length // 4
        or len(triples) < 0.75 * min(len(secret), 32)
        or steps > len(secret) // 2
        or secret.isdecimal()  # as pi's
        or bool(_PASSPHRASE.fullmatch(secret))
        or bool(_STANDS_FOR_ONE.fullmatch(secret))
        or any(_WORDS.search(reading) for reading in (secret, *_decoded(secret)))
        or len(_SHORT_WORDS.findall(secret)) > 1
        or any(row in secret.lower() for row in _IN_A_ROW)
        or secret.lower() in _PUBLISHED | _HASHES
    )


def _decoded(secret: str) -> Iterator[str]:
    """What a secret says where it is base64 or hex, or has digits for letters."""
    yield secret.translate(_LETTERS)
    padded = secret.translate(_STANDARD) + "=" * (-len(secret) % 4)
    for decode, written in ((binascii.a2b_base64, padded), (binascii.unhexlify, secret)):
        with contextlib.suppress(ValueError):
            yield decode(written).decode("latin-1")


def _check_secret_key(env: Mapping[str, str]) -> list[str]:
    key, problems = env.get("SECRET_KEY", ""), []
    # One with a comma would be several among SECRET_KEY_FALLBACKS, and verify nothing there.
    if key and ("," in key or is_guessable(key, 32)):
        problems.append(
            "SECRET_KEY must be at least 32 random characters without a comma, and not the command"
            " that makes them (python -c 'import secrets; print(secrets.token_urlsafe(48))')"
        )
    before = listed(env.get("SECRET_KEY_FALLBACKS", ""))
    if key in before:
        problems.append("SECRET_KEY must be a new one, which is not among those before it")
    if any(is_guessable(old, 32) for old in before):
        problems.append(
            "SECRET_KEY_FALLBACKS must each be what SECRET_KEY may be (comma-separated)"
        )
    return problems


def _check_webhook_secrets(env: Mapping[str, str]) -> list[str]:
    return [
        f"{name} must be whsec_ and at least 24 random characters (several: comma-separated)"
        for name in WEBHOOK_SECRETS
        if (value := env.get(name, ""))
        and not all(_is_secret(_WEBHOOK_SECRET, part) for part in listed(value) or [""])
    ]


def _check_alert_secret(env: Mapping[str, str]) -> list[str]:
    secrets = listed(env.get("ALERT_WEBHOOK_SECRET", ""))
    missing = bool(env.get("ALERT_WEBHOOK_URL")) and not secrets
    if missing or any(not _is_secret(_STANDARD_SECRET, secret) for secret in secrets):
        return [
            "ALERT_WEBHOOK_SECRET must be whsec_ and at least 24 random characters of base64"
            " (several: comma-separated;"
            " python -c 'import secrets, base64;"
            ' print("whsec_" + base64.b64encode(secrets.token_bytes(24)).decode())\')'
        ]
    return []


def _check_metrics_token(env: Mapping[str, str]) -> list[str]:
    value = env.get("METRICS_TOKEN", "")
    tokens = listed(value) or [value]
    if value and any(is_guessable(one, 16) or not re.fullmatch(r"[!-~]+", one) for one in tokens):
        return [
            "METRICS_TOKEN must be at least 16 random characters without a space"
            " (several: comma-separated)"
        ]
    return []


def _check_used_once(env: Mapping[str, str]) -> list[str]:
    """Whoever is told one of them, as Prometheus is, must not know another."""
    seen: dict[str, str] = {}
    problems = []
    for name, kind in _KINDS.items():
        # Stripe's form of a secret is no part of it.
        for secret in {each.removeprefix("whsec_") for each in listed(env.get(name, ""))}:
            if seen.setdefault(secret, kind) != kind:
                problems.append(f"{name} must be a secret of its own, which is no other setting's")
    alike, told = _alike(env), {name: unquote(env.get(name, "")) for name in _TOLD}
    passwords = [one for one in _passwords(env).values() if len(one) >= _LEAST]
    return problems + [
        f"{name} must have a password of its own, which is no other setting's"
        if name in _WITH_PASSWORDS
        else f"{name} must hold no secret of another setting"
        for name in _TOLD
        if name in alike
        or any(secret and secret in told[name] for secret in seen)
        or (name not in _WITH_PASSWORDS and any(one in told[name] for one in passwords))
    ]


def _check_passwords(env: Mapping[str, str]) -> list[str]:
    """A server's password is its operator's choice; not one that is tried first by whoever gets
    into its network. A trial may have one."""
    if is_loopback(env.get("PUBLIC_URL", "")):
        return []
    return [
        f"{name} must have a password that nobody guesses"
        for name in _WITH_PASSWORDS
        if (password := _password(env.get(name, "")).lower())
        and (
            password in _TRIED_FIRST
            or re.fullmatch(r"(.)\1+", password)
            or password == _user(env[name]).lower()
        )
    ]


def _user(url: str) -> str:
    parts = urlsplit(url)
    return unquote(parts.username or "") or dict(parse_qsl(parts.query)).get("user", "")


def _alike(env: Mapping[str, str]) -> set[str]:
    """Servers with the password of another one, which is told it by us; a trial may do with one."""
    passwords = _passwords(env)
    given = [password for password in passwords.values() if password]
    trial = is_loopback(env.get("PUBLIC_URL", ""))
    return {name for name, one in passwords.items() if not trial and given.count(one) > 1}


def _passwords(env: Mapping[str, str]) -> dict[str, str]:
    return {name: _password(env.get(name, "")) for name in _WITH_PASSWORDS}


def _password(url: str) -> str:
    with contextlib.suppress(ValueError):
        parts = urlsplit(url)
        return unquote(parts.password or "") or dict(parse_qsl(parts.query)).get("password", "")
    return ""


def _is_secret(form: re.Pattern[str], text: str) -> bool:
    found = form.fullmatch(text)
    return found is not None and not is_guessable(found[1], 24)


CHECKS = (
    _check_secret_key,
    _check_webhook_secrets,
    _check_alert_secret,
    _check_metrics_token,
    _check_used_once,
    _check_passwords,
)
