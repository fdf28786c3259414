"""Health (is this process alive?) and readiness (can it take a payment?)."""

from __future__ import annotations

from flask import Response, current_app, jsonify
from redis import RedisError
from redis.exceptions import OutOfMemoryError
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from payments_app.core.extensions import db
from payments_app.core.outages import DATABASE
from payments_app.core.web.access import public
from payments_app.core.web.incoming import any_host
from payments_app.ops.blueprint import blueprint


@blueprint.get("/healthz")
@public
@any_host
def healthz() -> Response:
    """This process answers."""
    return jsonify(status="ok")


@blueprint.get("/readyz")
@public
@any_host
def readyz() -> tuple[Response, int]:
    """200 while payments can be stored. A Redis for jobs that is away or full is reported, and
    takes nobody out of service: workers look by themselves, a second later than woken."""
    parts = {"database": _database(), "redis": _redis()}
    ready = parts["database"] == "ok"
    return jsonify(status="ok" if ready else "unavailable", **parts), 200 if ready else 503


def _database() -> str:
    try:
        db.session.execute(text("SELECT 1"))
    except SQLAlchemyError as error:
        DATABASE.failed(error)
        return "unavailable"
    return "ok"


def _redis() -> str:
    """By a write: a full one still answers."""
    try:
        current_app.extensions["wake_up_redis"].set("readyz", 1, ex=60)
    except OutOfMemoryError:
        return "full"
    except (RedisError, OSError):
        return "unavailable"
    return "ok"
