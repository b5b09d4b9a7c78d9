"""Where a request may go: a name becomes addresses once, each is checked, and only those are connected to.

To check a name and then let the library look it up again would leave a gap in which the name service can
give another answer (DNS rebinding). Here the connection is made to the very address that was checked; TLS
still asks for a certificate of the name.
"""

from __future__ import annotations

import ipaddress
import queue
import socket
import threading
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import httpcore

from accounts.gateways.deadline import TimedStream, time_left, within

Resolve = Callable[[str, int], Sequence[str]]
ADDRESSES_TRIED = 4

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
# Everything else in IPv6 is special; ``is_global`` of this Python still calls some of it global.
_UNICAST = ipaddress.IPv6Network("2000::/3")
_PROTOCOLS = ipaddress.IPv4Network("192.0.0.0/24")


class AddressRefused(Exception):
    """The host has an address that is not on the public internet; nothing was connected to."""

    def __init__(self, host: str, address: str) -> None:
        self.host, self.address = host, address
        super().__init__(f"{host} has the address {address}")


class NameNotFound(httpcore.ConnectError):
    """The name service gives no address for the host, or an error."""


def system_addresses(host: str, port: int) -> list[str]:
    """Ask the system for every address of a host, in its order. Raises OSError or UnicodeError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def is_public(address: str) -> bool:
    """Say whether an address belongs to the public internet: not private, loopback, link-local, multicast...

    An IPv4 address inside an IPv6 one (mapped, NAT64, 6to4) counts as what it leads to.
    """
    ip = ipaddress.ip_address(address)
    if isinstance(ip, ipaddress.IPv6Address):
        inner = _inner(ip)
        if inner is None:
            return ip.is_global and ip in _UNICAST
        ip = inner
    return ip.is_global and not ip.is_multicast and ip not in _PROTOCOLS


def _inner(ip: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """Give the IPv4 address that an IPv6 one stands for, if it does."""
    if ip in _NAT64:
        return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip.ipv4_mapped or ip.sixtofour


class CheckedBackend(httpcore.SyncBackend):
    """Connects for httpcore, to checked addresses only, and gives streams that keep to the deadline."""

    def __init__(self, *, allow_private: bool, resolve: Resolve = system_addresses) -> None:
        self._allow_private = allow_private
        self._resolve = resolve

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect within ``timeout`` seconds, to the first address that answers.

        Raises AddressRefused, NameNotFound, or httpcore's ConnectError or ConnectTimeout.
        """
        with within(timeout):
            addresses = self._checked(host, port)
            failed: Exception = NameNotFound(host)
            for number, address in enumerate(addresses):
                left = time_left()
                share = left and left / (len(addresses) - number)  # a silent address leaves time for the next
                try:
                    stream = super().connect_tcp(address, port, share, local_address, socket_options)
                except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                    failed = error
                else:
                    return TimedStream(stream)
        raise failed

    def _checked(self, host: str, port: int) -> list[str]:
        """Give the addresses to try; one that may not be reached refuses them all."""
        addresses = _asked_in_time(self._resolve, host, port)
        for address in addresses:
            if not (self._allow_private or is_public(address)):
                raise AddressRefused(host, address)
        return addresses[:ADDRESSES_TRIED]


def _asked_in_time(resolve: Resolve, host: str, port: int) -> list[str]:
    """Ask the name service in a thread: the system's own look-up has no time-out that one could set."""
    answers: queue.SimpleQueue[list[str] | Exception] = queue.SimpleQueue()

    def ask() -> None:
        try:
            answers.put(list(resolve(host, port)))
        except Exception as error:
            answers.put(error)

    threading.Thread(target=ask, daemon=True).start()
    try:
        answer = answers.get(timeout=time_left())
    except queue.Empty:
        raise httpcore.ConnectTimeout(f"the name service did not answer for {host}") from None
    if isinstance(answer, Exception):
        raise NameNotFound(host) from answer
    return answer
