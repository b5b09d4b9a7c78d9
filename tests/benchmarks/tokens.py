"""Asking for a token through the gateway, beside the same request with a bare client that is reused."""

from __future__ import annotations

import httpx

from accounts.gateways.client import shared_client
from accounts.gateways.loop import check_token
from loop_standin.clients import derived_secret
from loop_standin.process import running
from tests.benchmarks.measures import Pair, expect, least_of
from tests.benchmarks.meter import measured

CLIENT = "client-of-a-benchmark"


def check(number: int, rounds: int) -> Pair:
    """``number`` checks of a client id with its right secret, at the stand-in of the Loop API."""
    secret = derived_secret(CLIENT)
    form = {"grant_type": "client_credentials", "client_id": CLIENT, "client_secret": secret}
    with running() as address, httpx.Client(trust_env=False) as client:
        url = f"{address}/TEST/loop-m2m/loop-api/v1/token"

        def bare() -> None:
            expect(len(client.post(url, data=form).json()["access_token"]) > 0, True)

        def ours() -> None:
            expect(check_token(url, CLIENT, secret, allow_private=True).ok, True)

        bare()
        ours()  # what is loaded once in a process
        turns = [(measured(bare, number), measured(ours, number)) for _turn in range(rounds)]
    shared_client(allow_private=True).close()
    return least_of(turns)
