"""Bare Flask: what an answer of the status' size costs, and a row with a job, with nothing else."""

from __future__ import annotations

import os
import secrets
from functools import cache

from flask import Flask, Response, jsonify
from redis import Redis
from rq import Queue
from sqlalchemy import Column, Engine, MetaData, String, Table, create_engine, insert

app = Flask(__name__)
STATUS = {
    "id": "txn_3kTmMFYrV8bXGq1dHn5pZa",
    "reference": "3KTM-MFYR",
    "state": "pending",
    "phase": "processing",
    "amount": 1099,
    "currency": "usd",
    "amount_text": "$10.99",
    "amount_received": None,
    "amount_received_text": None,
    "description": "Order #K7VQ2M9XWA",
    "error": None,
    "version": 3,
    "next_poll_ms": 1125,
    "attempt": 1,
    "keeps_card": False,
    "created_at": "2026-01-01T12:00:00+00:00",
    "url": "/transactions/txn_3kTmMFYrV8bXGq1dHn5pZa",
}
ROWS = Table(
    "bench_rows", MetaData(), Column("id", String, primary_key=True), Column("email", String)
)


@app.get("/")
def status() -> Response:
    """The status of no payment."""
    return jsonify(STATUS)


@app.post("/rows")
def store() -> Response:
    """Insert, commit, enqueue."""
    name = secrets.token_hex(16)
    with _engine().begin() as connection:
        connection.execute(insert(ROWS).values(id=name, email="ada@example.com"))
    _queue().enqueue("bench.bare.nothing", name)
    return jsonify({"id": name})


def nothing(_name: str) -> None:
    """A job."""


@cache
def _engine() -> Engine:
    return create_engine(os.environ["DATABASE_URL"])


@cache
def _queue() -> Queue:
    return Queue("bench", connection=Redis.from_url(os.environ["REDIS_URL"]))
