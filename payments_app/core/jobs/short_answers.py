"""short_answers: of one answer of the jobs' Redis a worker reads no more than any of ours is long.

An id in a queue, or in one of RQ's registries, is as long as whoever can write there likes, and
RQ asks for it whole: it would fill the worker's memory.

Of redis-py a parser's class may be chosen (`parser_class`), but what it reads from is private: a
parser's buffer, and a connection's socket. tests/security/test_short_answers.py fails where these
are others in a later version.
"""

from __future__ import annotations

from typing import Any

from redis import Redis, RedisError
from redis._parsers import _RESP2Parser, _RESP3Parser
from redis._parsers.socket import SocketBuffer

MOST_BYTES = 1_000_000  # thousands of ids of ours


class TooLongError(RedisError):
    """Not a broken connection, which RQ would make anew, to ask for the same again for ever."""


def read_no_long_answers(redis: Redis) -> Redis:
    """The client: an answer of more than MOST_BYTES raises TooLongError, and ends its connection.
    An id was taken from the queue by then."""
    options = redis.connection_pool.connection_kwargs
    options["parser_class"] = _Parser2 if options.get("protocol") == 2 else _Parser3
    return redis


class _Bounded(SocketBuffer):
    """What was read of an answer lies before the position until all of it is there."""

    def _read_from_socket(self, length: int | None = None, *args: Any, **named: Any) -> bool:
        if self.get_pos() + (length or 0) > MOST_BYTES:
            raise TooLongError(f"an answer of more than {MOST_BYTES} bytes is not read")
        return super()._read_from_socket(length, *args, **named)


class _Parser2(_RESP2Parser):
    def on_connect(self, connection: Any) -> None:
        super().on_connect(connection)  # type: ignore[no-untyped-call]
        _bound(self, connection)


class _Parser3(_RESP3Parser):
    def on_connect(self, connection: Any) -> None:
        super().on_connect(connection)  # type: ignore[no-untyped-call]
        _bound(self, connection)


def _bound(parser: Any, connection: Any) -> None:
    size, timeout = parser.socket_read_size, connection.socket_timeout
    parser._buffer = _Bounded(connection._sock, size, timeout)
