"""`python -m stripe_sandbox --port 12111 [--data-dir DIR]`."""

import argparse
import signal
import sys
import threading
from pathlib import Path

from stripe_sandbox.application import Application
from stripe_sandbox.server import LOOPBACK, Server

_SECRETS = {
    "webhook_secret": "an account's own events",
    "connect_webhook_secret": "its connected accounts' snapshots",
    "thin_webhook_secret": "its connected accounts' thin events",
}


def main() -> int:
    options = _options()
    if options.host != LOOPBACK:
        print(f"The sandbox listens on {LOOPBACK} only, not on {options.host}.", file=sys.stderr)
        return 2
    secrets = [getattr(options, name) for name in _SECRETS]
    if bool(options.webhook_url) != any(secrets):
        print("--webhook-url and a secret belong together.", file=sys.stderr)
        return 2
    try:
        server = Server(options.port)
    except OSError as error:
        print(f"Port {options.port} cannot be used: {error.strerror}.", file=sys.stderr)
        return 1
    base_url = f"http://{LOOPBACK}:{server.server_port}"
    application = Application(options.data_dir, base_url)
    if options.webhook_url:
        application.post_every_event(options.webhook_url, secrets)
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
    for name, whose in _SECRETS.items():
        option = f"--{name.replace('_', '-')}"
        parser.add_argument(option, help=f"whsec_...: the destination of {whose}")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
