"""``python -m loop_standin``: start the stand-in of the Loop API, or say a client's secret."""

from __future__ import annotations

import argparse
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from loop_standin.api import LoopApi
from loop_standin.behaviour import MODES
from loop_standin.clients import BadClientsFile, Clients, derived_secret
from loop_standin.gatewaylog import GatewayLog
from loop_standin.process import READY
from loop_standin.server import StandIn
from loop_standin.tokens import LIFETIME, Tokens

USAGE = """
end points (/ENV may be left out; a token of one ENV is no good in another):
  POST /ENV/loop-m2m/loop-api/v1/token    grant_type=client_credentials, client_id, client_secret as a form
  GET  /ENV/loop-m2m/loop-api/v1/sales    ?page=&limit=&countQueries=, with the Bearer token
  GET  /healthz

which secrets are right:
  Every client id, known or not, has the secret that --secret-for prints: "standin-" and the first 24 hex
  digits of sha256(client id). Registering a client replaces that by a secret of its own; disabling takes
  both away.

admin door (for development: it asks nobody who they are, so keep to 127.0.0.1):
  GET    /standin/clients             the registered client ids, without secrets
  PUT    /standin/clients/CLIENT_ID   {"secret": "...", "environment": "TEST"}; {} enables again
  DELETE /standin/clients/CLIENT_ID   disable; tokens already issued live on until they expire
  GET    /standin/behaviour           how the next call will be answered
  PUT    /standin/behaviour           {"mode": "...", "delay_ms": 1000, "times": 1}; the last two are optional

modes:
""" + "\n".join(f"  {mode:<10} {meaning}" for mode, meaning in MODES.items())


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the command line and do it; gives the exit status."""
    options = _options(arguments)
    if options.secret_for:
        print(derived_secret(options.secret_for))
        return 0
    try:
        api = LoopApi(Clients(options.clients), Tokens(options.token_lifetime))
        server = StandIn((options.host, options.port), api, GatewayLog(options.log), options.delay)
    except (BadClientsFile, OSError) as problem:
        print(f"The stand-in cannot start: {problem}", file=sys.stderr)
        return 2
    _serve(server)
    return 0


def _serve(server: StandIn) -> None:
    """Serve until SIGTERM or SIGINT."""
    told = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: told.set())
    with server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True).start()
        print(f"{READY}{server.url}", flush=True)
        told.wait()
        server.stop()


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m loop_standin",
        description="A stand-in for the Loop API, for development, demonstrations and tests.",
        epilog=USAGE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--host", default="127.0.0.1", help="address to listen on [127.0.0.1]")
    add("--port", type=_whole(0, 65_535), default=9100, help="port; 0 takes a free one [9100]")
    add("--clients", type=Path, metavar="FILE", help="keep registered clients in this JSON file")
    add("--log", type=Path, metavar="FILE", help="append a line of JSON for each call of the API")
    add("--delay", type=_whole(0, 600_000), default=0, metavar="MS", help="wait before each answer [0]")
    lifetime = f"how long a token is good [{LIFETIME}]"
    add("--token-lifetime", type=_whole(0, 86_400), default=LIFETIME, metavar="SECONDS", help=lifetime)
    add("--secret-for", metavar="CLIENT_ID", help="print the secret of an unregistered client, and end")
    return parser.parse_args(arguments)


def _whole(least: int, most: int) -> Callable[[str], int]:
    """Give an argument type: a whole number from ``least`` to ``most``."""

    def whole(text: str) -> int:
        if text.isascii() and text.isdigit() and least <= int(text) <= most:
            return int(text)
        raise argparse.ArgumentTypeError(f"must be a whole number from {least} to {most}")

    return whole


if __name__ == "__main__":
    sys.exit(main())
