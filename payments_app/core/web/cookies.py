"""cookies: what ours are called, and where they are sent. Over TLS the browser itself holds them to
this host (`__Host-`), or, below a prefix on the site of another application, to TLS (`__Secure-`).

Source: https://www.rfc-editor.org/rfc/rfc6265, and 6265bis on the prefixes of names.
"""

from __future__ import annotations

from flask import Flask


def cookie_name(app: Flask, name: str) -> str:
    """The name of our cookie `name`; another application on the site may have one called so."""
    config = app.config["CONFIG"]
    if config.prefix:
        name = f"payments-{name}"
    if not config.tls:
        return name.replace("-", "_")
    return f"__Secure-{name}" if config.prefix else f"__Host-{name}"


def cookie_path(app: Flask) -> str:
    """Our part of the site."""
    return app.config["CONFIG"].prefix or "/"
