"""For tests that call Stripe: `pytest_plugins = ["stripe_sandbox.pytest_plugin"]` gives them
`stripe_sandbox`, the address of a stand-in that lives as long as they do.

Each secret key of the form `sk_test_...` is an account of its own, empty at first.
"""

import threading
from collections.abc import Iterator

import pytest

from stripe_sandbox.application import Application
from stripe_sandbox.server import LOOPBACK, Server


@pytest.fixture(scope="session")
def stripe_sandbox() -> Iterator[str]:
    """Such as `http://127.0.0.1:41234`. It posts no events, and keeps all in memory."""
    server = Server(0)
    url = f"http://{LOOPBACK}:{server.server_port}"
    application = Application(None, url)
    application.start()
    server.application = application.answer
    serving = threading.Thread(target=server.serve_forever, args=(0.1,), daemon=True)
    serving.start()
    yield url
    server.shutdown()
    serving.join()
    server.server_close()
