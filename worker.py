"""A worker of one queue: `python worker.py charges`."""

import sys

from payments_app import create_app
from payments_app.core.jobs.worker import run
from payments_app.gateway.own_account import check_account
from payments_app.inbound.lost import close_if_restored
from payments_app.ops.watch import check_redis
from payments_app.queues import BACKGROUND_QUEUES, QUEUE_THREADS

if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1] not in QUEUE_THREADS:
        sys.exit(f"Usage: python worker.py QUEUE, where QUEUE is one of {', '.join(QUEUE_THREADS)}")
    app = create_app()
    with app.app_context():
        check_account()
        close_if_restored()
        check_redis()
    run(app, sys.argv[1], niceness=10 if sys.argv[1] in BACKGROUND_QUEUES else 0)
