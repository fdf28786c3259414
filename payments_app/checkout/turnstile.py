"""turnstile: asks a provider whether a person solved its challenge in the browser.

Source: https://developers.cloudflare.com/turnstile/get-started/server-side-validation/
"""

from __future__ import annotations

import http.client
import json
import logging
import socket
import ssl
import threading
from contextlib import closing
from typing import Any
from urllib.parse import urlencode, urlsplit

from flask import current_app

from payments_app.core.deadline import deadline
from payments_app.core.web import held_threads

log = logging.getLogger(__name__)

FIELD = "cf-turnstile-response"
ACTION = "checkout"
CONNECT_SECONDS, WHOLE_SECONDS = 2.0, 5.0
# Checks of this process at once: a provider that hangs may not hold all threads of the web.
AT_ONCE = 2
_MOST_BYTES = 16 * 1024
_turns = threading.BoundedSemaphore(AT_ONCE)


class ProviderAwayError(Exception):
    """The provider did not say, in time, whether the challenge was solved."""


def is_used() -> bool:
    """Whether the settings name a provider."""
    return current_app.config["CONFIG"].turnstile_site_key is not None


def is_solved(token: str) -> bool:
    """Whether the provider says that this token is of a challenge solved now, on our site, and not
    shown to it before. Raises ProviderAwayError."""
    if not 0 < len(token) <= 2048:
        return False
    if not _turns.acquire(blocking=False):
        raise ProviderAwayError("too many checks at once")
    try:
        with held_threads.one(held_threads.FOR_BUYERS):
            said = _ask(current_app.config["CONFIG"], token)
    except held_threads.NoneLeftError as error:
        raise ProviderAwayError("too many threads are held") from error
    except (OSError, http.client.HTTPException, ValueError) as error:
        log.warning("the challenge's provider did not answer: %s", error)
        raise ProviderAwayError(str(error)) from error
    finally:
        _turns.release()
    if said.get("success") is not True:
        log.info("a challenge was not solved: %s", said.get("error-codes"))
        return False
    ours = urlsplit(current_app.config["CONFIG"].public_url).hostname
    return bool(said.get("hostname") == ours and said.get("action") == ACTION)


def _ask(config: Any, token: str) -> dict[str, Any]:
    """Raises OSError, HTTPException, ValueError."""
    parts = urlsplit(f"{config.turnstile_base}/turnstile/v0/siteverify")
    host, port = parts.hostname or "", parts.port
    sent = {"secret": config.turnstile_secret_key, "response": token}
    tls = parts.scheme == "https"
    line = http.client.HTTPConnection(host, port or (443 if tls else 80))
    line.default_port = 443 if tls else 80  # which is not said in the Host header
    connection = socket.create_connection((host, line.port), CONNECT_SECONDS)
    with closing(connection), closing(line), deadline(connection, WHOLE_SECONDS):
        connection.settimeout(WHOLE_SECONDS)
        if tls:
            context = ssl.create_default_context()
            connection = context.wrap_socket(connection, server_hostname=host)
        line.sock = connection
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        line.request("POST", parts.path, urlencode(sent), form)
        answer = line.getresponse()
        body = json.loads(answer.read(_MOST_BYTES))
    if answer.status >= 500 or not isinstance(body, dict):
        raise ValueError(f"answered with {answer.status}")
    return body
