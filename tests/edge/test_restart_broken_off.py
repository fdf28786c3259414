"""A deploy that is interrupted, killed, or not alone ends what it began, or says what ends it."""

from __future__ import annotations

import os
import signal
import threading

import pytest

from tests.edge.small_web import (
    SmallWeb,
    next_deploy_works,
    until,
)

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupted_deploy_ends_what_it_began(web: SmallWeb, number: signal.Signals) -> None:
    web.release("slow")
    script = web.restarting()
    until(web.booting)
    script.send_signal(number)
    _, said = script.communicate()
    assert script.returncode == 1
    assert "the old one still serves" in said
    assert web.is_alone()
    assert web.ask() == "one"
    next_deploy_works(web)


def test_a_deploy_interrupted_while_it_reads_says_so(web: SmallWeb) -> None:
    """What it reads may be gone, and then reading is silent: being interrupted is not."""
    web.release("slow")
    script = web.restarting()
    until(web.booting)
    (second,) = set(web.masters()) - {web.pid}
    pipe = web.pidfile.with_suffix(".pid.2")
    os.mkfifo(pipe)
    web.pidfile.with_name(f"{web.pidfile.name}.ready.{second}").touch()
    with pipe.open("w"):  # opens once the script reads, and it waits for a line that never comes

        def ended() -> bool:  # again until it is heard: the first may come just before the reading
            script.send_signal(signal.SIGHUP)
            return second not in web.masters()

        until(ended)
        pipe.unlink()
    _, said = script.communicate()
    assert "Interrupted." in said
    assert "the old one still serves" in said
    assert script.returncode == 1
    next_deploy_works(web)


def test_a_deploy_interrupted_at_its_first_moment_leaves_nothing(web: SmallWeb) -> None:
    web.release("slow")
    script = web.restarting()
    until(lambda: "Handling signal: usr2" in web.log.read_text())
    script.terminate()
    script.communicate()
    until(web.is_alone)
    next_deploy_works(web)


def begin_long_request(web: SmallWeb) -> tuple[threading.Thread, list[str]]:
    answers: list[str] = []
    long = threading.Thread(target=lambda: answers.append(web.ask("/wait/")))
    long.start()
    until((web.directory / "waiting").exists)
    return long, answers


def test_a_long_request_is_answered_by_the_release_that_began_it(web: SmallWeb) -> None:
    long, answers = begin_long_request(web)
    web.release("two")
    script = web.restarting()
    until(lambda: web.ask() == "two")
    web.let_on()
    script.communicate()
    long.join()
    assert (script.returncode, answers) == (0, ["one"])
    assert web.is_alone()
    next_deploy_works(web)


def test_a_deploy_interrupted_after_the_change_goes_on_by_itself(web: SmallWeb) -> None:
    long, answers = begin_long_request(web)
    web.release("two")
    script = web.restarting()
    # From here the old one takes no request any more.
    until(lambda: "Handling signal: term" in web.log.read_text())
    script.terminate()
    _, said = script.communicate()
    assert script.returncode == 3
    assert "serves" in said
    assert web.ask() == "two"
    refused = web.restart()
    assert refused.returncode == 2
    assert "second" in refused.stderr
    web.let_on()
    long.join()
    assert answers == ["one"]
    until(web.is_alone)
    next_deploy_works(web)


def test_a_deploy_that_nobody_listens_to_ends_as_any_other(web: SmallWeb) -> None:
    """Its connection broke off: writing fails, and what it did is in its number all the same."""
    web.release("two")
    assert web.restart_unheard() == 0
    assert web.ask() == "two"
    os.kill(int(web.pidfile.read_text()), signal.SIGUSR2)
    until(web.pidfile.with_suffix(".pid.2").exists)
    assert web.restart_unheard() == 2


def test_two_deploys_at_once_are_one(web: SmallWeb) -> None:
    web.release("slow")
    first = web.restarting()
    until(web.booting)
    second = web.restart()
    assert second.returncode == 2
    assert "under way" in second.stderr
    web.let_on()
    _, said = first.communicate()
    assert first.returncode == 0, said
    assert web.is_alone()
    next_deploy_works(web)


def test_no_deploy_begins_over_a_second_web_server(web: SmallWeb) -> None:
    web.release("by hand")
    os.kill(web.pid, signal.SIGUSR2)
    os.kill(web.pid, signal.SIGUSR2)
    until(web.pidfile.with_suffix(".pid.2").exists)
    (second,) = set(web.masters()) - {web.pid}
    done = web.restart()
    assert done.returncode == 2
    assert f"kill -TERM {second}" in done.stderr
    assert web.masters() == sorted([web.pid, second])
    os.kill(second, signal.SIGTERM)
    until(web.is_alone)
    next_deploy_works(web)


def test_what_a_killed_deploy_left_is_named_with_what_ends_it(web: SmallWeb) -> None:
    web.release("slow")
    killed = web.restarting()
    until(web.booting)
    killed.kill()
    killed.communicate()
    done = web.restart()
    assert done.returncode == 2
    (second,) = set(web.masters()) - {web.pid}
    assert f"kill -TERM {second}" in done.stderr
    os.kill(second, signal.SIGTERM)
    until(web.is_alone)
    next_deploy_works(web)
