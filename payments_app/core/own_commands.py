"""own_commands: how commands of ours are typed, which differs where we are a part of another
application."""

from __future__ import annotations

from flask import Flask, current_app, has_app_context

OURS = "flask --app wsgi"
_TYPED = "typed_as"


def are_below(app: Flask, host: Flask) -> None:
    """From now on commands of `app` are named as its host's."""
    app.extensions[_TYPED] = f"flask --app {host.name} payments"


def as_typed_here(words: str) -> str:
    """A sentence that names commands of ours, as they are typed for this application."""
    typed: str = current_app.extensions.get(_TYPED, OURS) if has_app_context() else OURS
    return words.replace(OURS, typed)
