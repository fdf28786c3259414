"""gunicorn's settings: `gunicorn wsgi:app` in the release's directory reads this file.

The application is loaded once and forked. So a HUP starts workers of the OLD code; a new release
takes USR2, and TERM to the old master once the new one serves: deploy/rolling-restart does it.

`python gunicorn.conf.py` says what is wrong with the settings, and ends: of WEB_CONCURRENCY, which
gunicorn reads before this file, it would say so by a traceback itself.
"""

import contextlib
import gc
import os
import sys
import tempfile
from pathlib import Path

sys.path.append(str(Path(__file__).parent))
from payments_app.config import Config

# Before any of them is used here: what is wrong is said all at once.
_ours = Config.of_process(os.environ)

# What one machine's database connections allow: processes x threads stay under the pool's size.
_FEWEST, _MOST = 2, 6

bind = os.environ.get("WEB_BIND") or f"127.0.0.1:{os.environ.get('PORT') or '8000'}"
pidfile = os.environ.get("WEB_PIDFILE") or None
if pidfile:
    try:  # as gunicorn writes it
        tempfile.NamedTemporaryFile(dir=Path(pidfile).parent).close()
    except OSError as error:
        sys.exit(f"WEB_PIDFILE can't be written: {error.strerror}")
workers = min(_MOST, max(_FEWEST, int(os.environ.get("WEB_CONCURRENCY") or os.cpu_count() or 1)))
worker_class = "gthread"
threads = 8
preload_app = True
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 - a heartbeat file

# A worker that hangs is replaced. Requests are short: no request talks to Stripe.
timeout = 30
# A stopping worker finishes what it has begun.
graceful_timeout = 30
# Longer than nginx keeps a connection, so that nginx is the one who closes it.
keepalive = 75
backlog = 2048

# Only nginx on this machine is asked whether the visitor came over TLS.
forwarded_allow_ips = "127.0.0.1"
accesslog = None  # nginx writes it
# For who switches it on: the route, never the request line, which may hold somebody's link.
access_log_format = (
    "%(t)s %(m)s %({payments.route}e)s %(s)s %(B)s %(M)sms request=%({x-request-id}o)s"
    " payment=%({payments.payment}e)s"
)
errorlog = "-"
logconfig_dict = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "payments_app.core.logs.JsonFormatter"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"level": "WARNING", "handlers": ["stderr"]},
    "loggers": {"gunicorn.error": {"level": "INFO", "handlers": ["stderr"], "propagate": False}},
}
control_socket_disable = True


def on_starting(server):
    """Without TLS of its own this server is reached through a proxy. Where nobody says so, every
    visitor has the proxy's address: whoever is limited keeps everybody out."""
    of_its_own = server.cfg.is_ssl or server.cfg.proxy_protocol != "off"
    if _ours.tls and not _ours.proxy_hops and not of_its_own:
        if server.pidfile:
            server.pidfile.unlink()
        sys.exit("PROXY_HOPS must be the number of our own proxies before the app: 1 behind nginx")


def when_ready(server):
    """The web asks nobody at Stripe: only the key's mode is looked at. Without a database it starts
    and says so itself."""
    from sqlalchemy.exc import SQLAlchemyError

    from payments_app.core import forking
    from payments_app.core.db.role_settings import check_role_settings
    from payments_app.gateway.own_account import check_mode

    forking.begin()
    app = server.app.wsgi()
    with contextlib.suppress(SQLAlchemyError), app.app_context():
        check_role_settings()
        check_mode()
    app.extensions["engine"].dispose()
    forking.check_threads()
    gc.collect()
    gc.freeze()  # a collection would write to what the workers share, and so copy it


def post_fork(server, worker):  # noqa: ARG001 - the signature is gunicorn's
    """The master's database connections are the master's: a worker opens its own."""
    server.app.wsgi().extensions["engine"].dispose(close=False)


def post_worker_init(worker):
    """Tell deploy/rolling-restart that a worker of this master is about to serve."""
    if pidfile:
        with contextlib.suppress(OSError):  # it serves all the same
            Path(f"{pidfile}.ready.{worker.ppid}").touch()


def worker_exit(server, worker):  # noqa: ARG001 - the signature is gunicorn's
    """What it counted last is not lost."""
    server.app.wsgi().extensions["counters"].flush()


def pre_exec(server):
    """The fork that is to become the next master ends where it can't, and where the restart that
    asked for it has given up. Else it would take itself for this master, end its workers and remove
    its pid file; or it would serve beside it."""
    python, directory = server.START_CTX[0], Path(server.START_CTX["cwd"])
    given_up = pidfile and Path(f"{pidfile}.given_up").exists()
    if given_up or not os.access(python, os.X_OK) or not directory.is_dir():
        server.log.error("No successor is started: %s in %s", python, directory)
        os._exit(1)
