"""`python -m stripe_sandbox --port 12111 [--data-dir DIR]`."""

import argparse
import signal
import sys
import threading
from pathlib import Path

from stripe_sandbox.application import Application
from stripe_sandbox.server import LOOPBACK, Server


def main() -> int:
    options = _options()
    if options.host != LOOPBACK:
        print(f"The sandbox listens on {LOOPBACK} only, not on {options.host}.", file=sys.stderr)
        return 2
    if bool(options.webhook_url) != bool(options.webhook_secret):
        print("--webhook-url and --webhook-secret belong together.", file=sys.stderr)
        return 2
    try:
        server = Server(options.port)
    except OSError as error:
        print(f"Port {options.port} cannot be used: {error.strerror}.", file=sys.stderr)
        return 1
    base_url = f"http://{LOOPBACK}:{server.server_port}"
    application = Application(options.data_dir, base_url)
    if options.webhook_url:
        application.post_every_event(options.webhook_url, options.webhook_secret)
    application.start()
    server.application = application.answer

    def stop(*_: object) -> None:
        # shutdown() waits for serve_forever(), which this very thread runs.
        threading.Thread(target=server.shutdown, daemon=True).start()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    print(f"Stripe sandbox ready: {base_url}", flush=True)
    server.serve_forever(poll_interval=0.1)
    server.server_close()
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="stripe_sandbox", description="A stand-in for Stripe.")
    parser.add_argument("--port", type=int, required=True, help="0 takes a free one")
    parser.add_argument("--host", default=LOOPBACK, help=f"{LOOPBACK}, and nothing else")
    parser.add_argument("--data-dir", type=Path, help="kept in memory without it")
    parser.add_argument("--webhook-url", help="gets every account's events")
    parser.add_argument("--webhook-secret", help="whsec_...")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
