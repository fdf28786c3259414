"""Receive webhooks at http://127.0.0.1:3000: python examples/receiver.py (SECRET, PORT)."""

import base64
import hmac
import json
import os
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

if not os.getenv("SECRET"):
    raise SystemExit("Set SECRET to that of the endpoint: whsec_...")
KEY = base64.b64decode(os.environ["SECRET"].removeprefix("whsec_"))


def is_ours(headers, body):
    at, signatures = headers.get("webhook-timestamp", ""), headers.get("webhook-signature", "")
    signed = f"{headers.get('webhook-id')}.{at}.".encode() + body
    ours = b"v1," + base64.b64encode(hmac.digest(KEY, signed, "sha256"))
    fresh = at.isdecimal() and abs(time.time() - int(at)) < 300  # an old one may be a copy
    return fresh and any(hmac.compare_digest(ours, one.encode()) for one in signatures.split())


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        ours = is_ours(self.headers, body)
        if ours:
            event = json.loads(body)  # sent twice, it has the same id
            asked = event["data"].get("payment", {}).get("paid_for") or {}
            print(event["id"], asked.get("reference"), flush=True)
        self.send_response(204 if ours else 401)
        self.end_headers()


HTTPServer(("127.0.0.1", int(os.getenv("PORT", "3000"))), Receiver).serve_forever()
