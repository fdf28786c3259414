"""Ask for a payment and wait for it: python examples/client.py (PAY, KEY)."""

import json
import os
import time
import urllib.request
import uuid


def call(path, body=None):
    headers = {"Authorization": f"Bearer {os.environ['KEY']}", "Idempotency-Key": str(uuid.uuid4())}
    data = None if body is None else json.dumps(body).encode()
    sent = urllib.request.Request(f"{os.environ['PAY']}/api/v1/{path}", data, headers)
    sent.add_header("Content-Type", "application/json")
    return json.load(urllib.request.urlopen(sent))


wish = {"amount": 2500, "currency": "usd", "description": "Two tickets", "reference": "booking-1"}
payment = call("payments", wish | {"return_url": "https://shop.example.com/back"})
print("Send the buyer to", payment["next_url"], flush=True)
while payment["status"] in ("requires_payment", "processing", "requires_action"):
    time.sleep(1)
    payment = call(f"payments/{payment['id']}")
print(payment["id"], payment["status"])
