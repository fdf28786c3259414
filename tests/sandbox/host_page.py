"""A shop's checkout page under the strict policy a real one has, on an origin of its own."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Shop</title>
<script src="{sandbox}/stripe.js"></script><script src="/host.js" defer></script></head>
<body><h1>Checkout</h1><div id="card"></div></body></html>"""

# `shop` is what the tests drive; it holds nothing that the page does not.
SCRIPT = """
window.shop = {heard: [], violations: []};
document.addEventListener("securitypolicyviolation", (event) => {
  shop.violations.push(`${event.violatedDirective} ${event.blockedURI}`);
});
window.addEventListener("message", (event) => shop.heard.push(JSON.stringify(event.data)));
shop.open = (key, options, account) => new Promise((resolve) => {
  shop.stripe = Stripe(key, account ? {stripeAccount: account} : {});
  shop.elements = shop.stripe.elements(options);
  shop.card = shop.elements.create("payment", {layout: "tabs"});
  shop.card.on("ready", resolve);
  shop.card.on("change", (event) => { shop.complete = event.complete; });
  shop.card.mount("#card");
});
shop.tokenize = async (params) => {
  const checked = await shop.elements.submit();
  return checked.error ? checked
    : shop.stripe.createConfirmationToken({elements: shop.elements, params});
};
shop.refused = (options) => {
  try { shop.stripe.elements(options); return null; } catch (error) { return error.name; }
};
"""


class HostPage:
    def __init__(self, sandbox: str) -> None:
        policy = (
            f"default-src 'none'; script-src 'self' {sandbox}; frame-src {sandbox};"
            f" connect-src 'self' {sandbox}; img-src 'self' {sandbox}; style-src 'self';"
            " base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
        )

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                script = self.path == "/host.js"
                body = (SCRIPT if script else PAGE.format(sandbox=sandbox)).encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/javascript" if script else "text/html")
                self.send_header("Content-Security-Policy", policy)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
