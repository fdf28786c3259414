"""wake_up: an RQ job that says "something is due in this queue", and nothing else.

The database is the truth, Redis only wakes workers up: a lost wake-up costs until the sweeper's
next round.
"""

from __future__ import annotations

import logging
import secrets

from flask import Flask, current_app
from redis import RedisError
from rq import Queue
from rq.serializers import JSONSerializer

from payments_app.core import redis_client
from payments_app.core.db.ids import without_payment_methods
from payments_app.core.outages import JOBS_REDIS

log = logging.getLogger(__name__)

SWEEPER = "sweeper"  # a queue without workers: the sweeper works on it itself, without Redis
RUN_DUE_MESSAGES = "payments_app.core.jobs.runner.run_due_messages"
RUN_SECONDS = 330
# A wake-up that still waits when a message commits will see that message: more add nothing.
ENOUGH_WAKE_UPS = 4


def connect(app: Flask, redis_url: str) -> None:
    """Keep this process's own connection."""
    app.extensions["wake_up_redis"] = redis_client.fail_fast(redis_url)


def wake(queue: str, why: str = "") -> bool:
    """Wake a worker of this queue; best effort. `why` names the message for whoever looks at RQ.

    Returns False where Redis did not take the wake-up. The sweeper's own queue has no workers, and
    is not woken; one that is not known here may have a worker of another application.
    """
    if queue == SWEEPER:
        return True
    redis = current_app.extensions["wake_up_redis"]
    wake_ups = Queue(queue, connection=redis, serializer=JSONSerializer)
    try:
        if wake_ups.count >= ENOUGH_WAKE_UPS:
            return True
        wake_ups.enqueue_call(
            RUN_DUE_MESSAGES,
            args=(queue,),
            timeout=RUN_SECONDS,
            result_ttl=0,
            failure_ttl=3600,
            ttl=600,
            description=without_payment_methods(why),  # read by whoever looks at RQ
            job_id=f"{queue}-{secrets.token_hex(8)}",
        )
    except (RedisError, OSError) as error:
        JOBS_REDIS.failed(error, "workers look by themselves")
        return False
    JOBS_REDIS.answered()
    return True
