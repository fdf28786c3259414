"""Ask for a payment and wait for it: python examples/client.py (PAY, KEY)."""

import json
import os
import time
import uuid
from urllib.request import Request, urlopen


def call(path, body=None):
    headers = {"Authorization": f"Bearer {os.environ['KEY']}", "Idempotency-Key": str(uuid.uuid4())}
    headers["Content-Type"] = "application/json"
    data = body and json.dumps(body).encode()
    return json.load(urlopen(Request(f"{os.environ['PAY']}/api/v1/{path}", data, headers)))


if not (os.getenv("PAY") and os.getenv("KEY")):
    raise SystemExit("Set PAY and KEY, as docs/quickstart-api.md says.")
wish = {"amount": 2500, "currency": "usd", "description": "Two tickets", "reference": "booking-1"}
payment = call("payments", wish | {"return_url": "https://shop.example.com/back"})
print("Send the buyer to", payment["next_url"], flush=True)
while payment["status"] in ("requires_payment", "processing", "requires_action"):
    time.sleep(1)
    payment = call(f"payments/{payment['id']}")
print(payment["id"], payment["status"])
