"""Where a secret may be sent: public addresses, checked and connected to in one step."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable

import pytest

from accounts.gateways.addresses import is_public, system_addresses
from accounts.gateways.client import GuardedClient, shared_client
from accounts.gateways.loop import Outcome, TokenCheck, check_token
from tests.gateways.servers import blunt, http, nobody_listens

GOOD = http(201, {"access_token": "t"})
PRIVATE = {
    "this machine": "127.0.0.1 127.8.8.8 0.0.0.0 :: ::1 ::7f00:1 ::ffff:127.0.0.1",
    "private": "10.1.2.3 172.16.0.1 172.31.255.255 192.168.1.1 100.64.0.1 fc00::1 fd12::1 fec0::1 ::ffff:10.0.0.1",
    "link-local": "169.254.169.254 fe80::1 fe80::1%eth0",
    "special": "192.0.0.8 192.0.2.1 198.18.0.1 198.51.100.7 203.0.113.7 240.0.0.1 2001:db8::1 2001::1 100::1",
    "many": "224.0.0.1 239.1.1.1 255.255.255.255 ff02::1",
    "wrapped": "2002:7f00:1:: 2002:a00:1:: 64:ff9b::7f00:1 64:ff9b::a9fe:a9fe 64:ff9b:1::1",
}
PUBLIC = {
    "IPv4": "8.8.8.8 93.184.216.34 172.32.0.1",
    "IPv6": "2a00:1450:4001::1 2606:4700::1",
    "wrapped": "::ffff:8.8.8.8 64:ff9b::808:808 2002:808:808::",
}


@pytest.mark.parametrize("kind", PRIVATE)
def test_an_address_inside_is_not_public(kind: str) -> None:
    assert [address for address in PRIVATE[kind].split() if is_public(address)] == []


@pytest.mark.parametrize("kind", PUBLIC)
def test_an_address_of_the_internet_is_public(kind: str) -> None:
    assert [address for address in PUBLIC[kind].split() if not is_public(address)] == []


def refused(url: str, client: GuardedClient | None = None) -> TokenCheck:
    check = check_token(url, "c", "s", allow_private=False, client=client)
    assert check.outcome is Outcome.ADDRESS_REFUSED, check
    return check


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433", "127.1", "0x7f.1", "[::ffff:127.0.0.1]"])
def test_no_spelling_of_this_machine_gets_through(host: str) -> None:
    with blunt(GOOD) as server:
        check = refused(f"https://{host}:{server.port}/token")
        assert "which is not public. Nothing was sent." in str(check)
        assert server.connections == 0


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://apis-vi.collabor8.no/token", "must begin with https://"),
        ("ftp://apis-vi.collabor8.no/token", "not a web address"),
        ("file:///etc/passwd", "not a web address"),
        ("apis-vi.collabor8.no/token", "not a web address"),
        ("https://", "not a web address"),
        ("https:///token", "not a web address"),
        ("", "not a web address"),
        ("https://a:99999/", "not a web address"),
        ("https://[::1/", "not a web address"),
        ("https://a\x00b/", "not a web address"),
        ("https://user:word@apis-vi.collabor8.no/token", "must not hold a user name"),
    ],
)
def test_an_address_that_will_not_do_is_told_why(url: str, words: str) -> None:
    assert words in str(refused(url))


def test_a_user_name_in_the_address_is_refused_in_development_too() -> None:
    check = check_token("http://u:p@127.0.0.1/token", "c", "s", allow_private=True)
    assert check.outcome is Outcome.ADDRESS_REFUSED


def test_one_private_address_among_public_ones_refuses_them_all() -> None:
    asked: list[str] = []

    def two(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["8.8.8.8", "10.0.0.7"]

    with GuardedClient(allow_private=False, resolve=two) as client:
        check = refused("https://loop.example/token", client)
    assert check.params == {"host": "loop.example", "address": "10.0.0.7"}
    assert asked == ["loop.example"]


def test_a_name_is_looked_up_once_and_that_answer_is_connected_to() -> None:
    with blunt(GOOD) as server:
        answers = [
            ["127.0.0.1"],
            ["127.0.0.99"],
        ]  # what a rebinding name service would do: another answer next time

        with GuardedClient(allow_private=True, resolve=lambda host, port: answers.pop(0)) as client:
            url = server.url("rebinding.example")
            assert check_token(url, "c", "s", allow_private=True, client=client).ok
        assert answers == [["127.0.0.99"]]
        assert b"\r\nHost: rebinding.example:" in server.requests[0]


def test_an_address_that_does_not_answer_leaves_the_next_one_its_turn() -> None:
    with blunt(GOOD) as server:
        addresses = ["::1", "127.0.0.1"]  # the server has only the second
        with GuardedClient(allow_private=True, resolve=lambda host, port: addresses) as client:
            assert check_token(server.url("loop.example"), "c", "s", allow_private=True, client=client).ok


def test_a_name_without_addresses_is_unreachable() -> None:
    with GuardedClient(allow_private=False, resolve=lambda host, port: []) as client:
        check = check_token("https://loop.example/", "c", "s", allow_private=False, client=client)
    assert check.outcome is Outcome.UNREACHABLE
    assert "cannot be found" in str(check)


def test_a_silent_name_service_is_a_time_out() -> None:
    over = threading.Event()

    def silent(host: str, port: int) -> list[str]:
        over.wait(30)
        return []

    started = time.monotonic()
    with GuardedClient(allow_private=False, resolve=silent, total_seconds=0.6) as client:
        check = check_token("https://loop.example/", "c", "s", allow_private=False, client=client)
    over.set()
    assert check.outcome is Outcome.TIMEOUT
    assert time.monotonic() - started < 5


def test_the_system_gives_each_address_once() -> None:
    found = system_addresses("localhost", 80)
    assert "127.0.0.1" in found
    assert len(found) == len(set(found))


def test_a_client_for_private_addresses_is_not_taken_for_public_ones(hasty: GuardedClient) -> None:
    with pytest.raises(ValueError, match="allow_private"):
        check_token("https://127.0.0.1/", "c", "s", allow_private=False, client=hasty)


def test_a_process_has_one_client_and_its_child_another() -> None:
    here = shared_client(True)
    assert shared_client(True) is here
    assert shared_client(False) is not here
    assert in_a_child(lambda: shared_client(True) is not here)


def in_a_child(says_yes: Callable[[], bool]) -> bool:
    """Fork, as a Celery worker does, and ask the child."""
    child = os.fork()
    if child == 0:
        os._exit(0 if says_yes() else 1)
    return os.waitpid(child, 0)[1] == 0


def test_nobody_there_is_no_refusal() -> None:
    check = check_token(f"https://127.0.0.1:{nobody_listens()}/", "c", "s", allow_private=True)
    assert check.outcome is Outcome.UNREACHABLE
