"""Bare Flask: what an answer of the status' size costs with nothing behind it."""

from __future__ import annotations

from flask import Flask, Response, jsonify

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


@app.get("/")
def status() -> Response:
    """The status of no payment."""
    return jsonify(STATUS)
