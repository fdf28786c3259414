import socket

from parts.ports import LOOPBACK, free_or, free_port, is_free


def test_a_port_somebody_listens_on_is_not_free() -> None:
    with socket.create_server((LOOPBACK, 0)) as server:
        assert not is_free(server.getsockname()[1])


def test_a_wished_port_is_given_when_it_is_free() -> None:
    wished = free_port()
    assert free_or(wished) == wished


def test_another_port_is_given_when_the_wished_one_is_taken() -> None:
    with socket.create_server((LOOPBACK, 0)) as server:
        taken = server.getsockname()[1]
        assert free_or(taken) != taken
