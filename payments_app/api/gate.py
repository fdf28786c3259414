"""The gate of the API: which application is asking, and may it."""

from __future__ import annotations

from flask import Flask, current_app, g, request

from payments_app.accounts import api_keys
from payments_app.accounts.api_keys import ApiKey
from payments_app.core.extensions import db
from payments_app.core.web import access
from payments_app.core.web.http import ProblemError
from payments_app.core.web.limits import Rate, limiter
from payments_app.core.web.visitor import visitor_network

_STRANGERS = Rate(60, 60)  # calls a minute of an address that shows no good key


def prepare(app: Flask) -> None:
    """Check every route of the API."""
    access.check_applications_with(app, check)


def check(scope: str) -> None:
    """Let the request pass, as `caller()`.

    Raises ProblemError: 401 `unauthorized` and `wrong_mode`, 403 `scope_missing`, 429.
    """
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    config = current_app.config["CONFIG"]
    secret = secret.strip() if scheme.lower() == "bearer" else ""
    wrong_mode = secret.startswith(api_keys.prefix_of(live=not config.live))
    key = api_keys.key_of(db.session(), secret) if secret and not wrong_mode else None
    if key is None:
        limiter().check("api", _STRANGERS, f"address:{visitor_network()}")
        if wrong_mode:
            mode = api_keys.mode_of(live=config.live)
            raise _unauthorized("wrong_mode", f"This service is in {mode} mode. Use a {mode} key.")
        raise _unauthorized(
            "unauthorized", "Send a secret key that is good: Authorization: Bearer pay_..."
        )
    limiter().check("api", Rate.parse(config.api_rate_limit), f"key:{key.id}")
    g.api_key = key
    require(scope)
    api_keys.mark_used(key)


def require(scope: str) -> None:
    """Raises ProblemError 403 `scope_missing` where this request's key may not do that."""
    if scope not in caller().scopes:
        raise ProblemError(403, "scope_missing", f"This key lacks the scope {scope}.", scope=scope)


def caller() -> ApiKey:
    """The key of this request, on a route that `check` let through."""
    key: ApiKey = g.api_key
    return key


def _unauthorized(code: str, message: str) -> ProblemError:
    return ProblemError(401, code, message, headers={"WWW-Authenticate": 'Bearer realm="api"'})
