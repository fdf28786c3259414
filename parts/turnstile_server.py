"""A stand-in for Cloudflare's Turnstile: a box to tick in place of a challenge.

`python -m parts.turnstile_server PORT SECRET_KEY`. A token is good once, for five minutes, on the
site whose page it was made on. `POST /hang` makes the next check hang, as a provider in trouble.
"""

import json
import secrets
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

LIFE_SECONDS = 300
SCRIPT = """
const base = new URL(document.currentScript.src).origin;
function draw() {
  for (const place of document.querySelectorAll(".cf-turnstile")) {
    const frame = document.createElement("iframe");
    const { sitekey, action = "" } = place.dataset;
    const asked = new URLSearchParams({ sitekey, action, hostname: location.hostname });
    frame.src = `${base}/widget?${asked}`;
    frame.title = "Security check";
    frame.height = "80";
    const field = document.createElement("input");
    Object.assign(field, { type: "hidden", name: "cf-turnstile-response" });
    place.append(frame, field);
    window.addEventListener("message", (event) => {
      if (event.origin === base && event.source === frame.contentWindow) field.value = event.data;
    });
  }
}
if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", draw);
else draw();
"""
WIDGET = """<!doctype html><html lang="en"><title>Security check</title>
<label><input type="checkbox"> I am a person (a stand-in for Turnstile)</label>
<script>document.querySelector("input").addEventListener("change", async (event) => {
  if (!event.target.checked) return;
  const token = await (await fetch("/tokens" + location.search, { method: "POST" })).text();
  parent.postMessage(token, "*");
});</script></html>"""


class Provider(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, port: int, secret_key: str) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.secret_key = secret_key
        self.tokens: dict[str, tuple[float, str, str]] = {}
        self.hangs = False


class Handler(BaseHTTPRequestHandler):
    server: Provider

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        if path == "/turnstile/v0/api.js":
            self._answer(SCRIPT, "text/javascript")
        elif path == "/widget":
            self._answer(WIDGET, "text/html")
        else:
            self._answer("{}", "application/json", 200 if path == "/healthz" else 404)

    def do_POST(self) -> None:
        url = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        if url.path == "/tokens":
            asked = {name: values[0] for name, values in parse_qs(url.query).items()}
            token = secrets.token_urlsafe(24)
            made = (time.monotonic(), asked.get("hostname", ""), asked.get("action", ""))
            self.server.tokens[token] = made
            self._answer(token, "text/plain")
        elif url.path == "/hang":
            self.server.hangs = True
            self._answer("", "text/plain")
        elif self.server.hangs:
            self.server.hangs = False
            threading.Event().wait(30)
        else:
            sent = {name: values[0] for name, values in parse_qs(body).items()}
            self._answer(json.dumps(self._verify(sent)), "application/json")

    def _verify(self, sent: dict[str, str]) -> dict[str, object]:
        if sent.get("secret") != self.server.secret_key:
            return {"success": False, "error-codes": ["invalid-input-secret"]}
        found = self.server.tokens.pop(sent.get("response", ""), None)
        if found is None or time.monotonic() - found[0] > LIFE_SECONDS:
            return {"success": False, "error-codes": ["timeout-or-duplicate"]}
        return {"success": True, "hostname": found[1], "action": found[2], "error-codes": []}

    def _answer(self, body: str, kind: str, status: int = 200) -> None:
        sent = body.encode()
        self.send_response(status)
        self.send_header("Content-Type", f"{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(sent)))
        self.end_headers()
        self.wfile.write(sent)

    def log_message(self, *_args: object) -> None:
        """It says nothing."""


if __name__ == "__main__":
    Provider(int(sys.argv[1]), sys.argv[2]).serve_forever()
