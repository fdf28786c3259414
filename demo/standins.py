"""What the demo starts because the environment does not name it."""

import secrets
from collections.abc import Mapping, Sequence

from demo.directory import DataDirectory
from parts.mailbox import Mailbox
from parts.ports import free_or
from parts.process import Process
from parts.redis import Redis
from parts.sandbox import Sandbox
from parts.settings import SHOP_NAME, sandbox_account, webhook_secrets
from parts.turnstile import Turnstile


def jobs_redis(data: DataDirectory) -> Redis:
    """Loses a second of jobs at most, and never evicts one."""
    return Redis(data.path / "redis-jobs", name="redis-jobs", append_only=True)


def cache_redis(data: DataDirectory) -> Redis:
    return Redis(
        data.path / "redis-cache", name="redis-cache", policy="allkeys-lru", max_memory="64mb"
    )


def stripe_sandbox(data: DataDirectory, url: str, signing_secrets: Sequence[str]) -> Sandbox:
    """On the port of the last run if it is free, so that receipt links keep working."""
    port = free_or(int(data.kept("sandbox_port", lambda: "0")) or None)
    data.keep("sandbox_port", str(port))
    return Sandbox(data.path / "sandbox", port, webhook_url=url, webhook_secrets=signing_secrets)


def needs_sandbox(env: Mapping[str, str]) -> bool:
    """A secret key means the real Stripe; an address means a stand-in of the user's own."""
    return not (env.get("STRIPE_SECRET_KEY") or env.get("STRIPE_API_BASE"))


def complete(
    env: Mapping[str, str], data: DataDirectory, port: int
) -> tuple[dict[str, str], list[Process]]:
    """The app's whole environment, and the stand-ins to start for it.

    What the user has set is used as it is. Raises MissingPart.
    """
    given = {name: value for name, value in env.items() if value}
    settings = {**_defaults(data, port), **given}
    standins: list[Process] = []
    if "REDIS_URL" not in given:
        jobs = jobs_redis(data)
        settings["REDIS_URL"] = jobs.url()
        standins.append(jobs)
    if "CACHE_REDIS_URL" not in given:
        cache = cache_redis(data)
        settings["CACHE_REDIS_URL"] = cache.url()
        standins.append(cache)
    if "STRIPE_SECRET_KEY" not in given:
        settings |= {**_sandbox_account(data), **given}
    if needs_sandbox(given):
        hook = f"http://127.0.0.1:{port}/webhooks/stripe"
        sandbox = stripe_sandbox(data, hook, webhook_secrets(settings))
        settings["STRIPE_API_BASE"] = sandbox.url
        standins.append(sandbox)
    # Only beside a stand-in for Stripe does the site show what the mailbox holds.
    if "STRIPE_API_BASE" in settings and "SMTP_URL" not in given:
        mailbox = Mailbox(data.path)
        settings["SMTP_URL"] = mailbox.url
        standins.append(mailbox)
    # A provider's challenge where one is asked for, and no keys of a provider are there.
    if given.get("CHECKOUT_CHALLENGE", "off") != "off" and "TURNSTILE_SITE_KEY" not in given:
        provider = Turnstile(data.path)
        settings |= provider.settings
        standins.append(provider)
    return settings, standins


def _defaults(data: DataDirectory, port: int) -> dict[str, str]:
    return {
        "SECRET_KEY": data.kept("secret_key", lambda: secrets.token_urlsafe(48)),
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
        "SHOP_NAME": SHOP_NAME,
        "DATABASE_URL": f"sqlite:///{data.path}/payments.sqlite3",
        "CHECKOUT_RATE_LIMIT": "6000/minute",
        "CHECKOUT_CHALLENGE": "off",
        "BUSINESS_TIMEZONE": "UTC",
        "MAIL_FROM": "shop@example.com",
        "DATA_DIR": str(data.path),
        "DEMO_API_KEY": data.kept("api_key", lambda: f"pay_test_{secrets.token_urlsafe(32)}"),
        "DEMO_PASSWORD": data.kept("staff_password", lambda: secrets.token_urlsafe(12)),
        "PORT": str(port),
    }


def _sandbox_account(data: DataDirectory) -> dict[str, str]:
    return sandbox_account(data.kept("stripe_account", lambda: secrets.token_hex(12)))
