"""`make run`: the whole portal on this machine, with sample data and a stand-in of the Loop API.

It takes the same environment variables as production. What it adds: a free port, the keys that are missing
(`portal.embedded`), the tables, the sample data, and a few lines that say where to go and who to be.
"""

import argparse
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import httpx
from django.core.exceptions import ImproperlyConfigured

from portal.embedded import ensure_keys
from portal.environment import BASE_DIR, Environment
from portal.runner import Program, Runner, portal_programs, tell

STANDIN_PORT = 9100
START_SECONDS = 60
# The lines at the end must stay in sight. Celery's word about running as root is for production, which does not.
QUIET = {"LOG_LEVEL": "WARNING", "PYTHONWARNINGS": "ignore::UserWarning:celery.platforms"}


def main() -> int:
    """Prepare, start, and stay until told to stop; mistakes in the configuration are told in a sentence."""
    argparse.ArgumentParser(prog="make run", description=__doc__).parse_args()
    os.environ["DJANGO_SETTINGS_MODULE"] = "portal.settings"
    try:
        return run()
    except ImproperlyConfigured as mistake:
        sys.exit(f"The configuration is not complete: {mistake}")
    except KeyboardInterrupt:
        return 130


def run() -> int:
    """Do it all; returns the exit code."""
    env = Environment.read()
    choose_address(env)
    try:
        ensure_keys(env.data_dir, env.ENVIRON)
    except OSError as mistake:
        raise ImproperlyConfigured(f"DATA_DIR ({env.data_dir}) cannot be written ({mistake.strerror}).") from None
    standin_port = next_free(STANDIN_PORT)
    collecting = subprocess.Popen(
        [sys.executable, "manage.py", "collectstatic", "--noinput", "--verbosity", "0"], cwd=BASE_DIR
    )
    prepare(f"http://127.0.0.1:{standin_port}")
    if collecting.wait() != 0:
        sys.exit("The static files could not be collected; the lines above say why.")
    programs = [*portal_programs(), standin(env.data_dir, standin_port)]
    return Runner(programs, environment={**QUIET, **os.environ}).run(on_start=introduce)


def choose_address(env: Environment) -> None:
    """Settle PORT and PORTAL_URL for everything that is started; a PORT that was asked for must be free."""
    wanted = env.number("PORT", 8000)
    if env.given("PORT") and not is_free(wanted):
        raise ImproperlyConfigured(f"PORT {wanted} is taken by another program: choose another, or end that one.")
    port = wanted if env.given("PORT") else next_free(wanted)
    if port != wanted:
        tell(f"Port {wanted} is taken by another program; the portal takes {port}.")
    os.environ["PORT"] = str(port)
    os.environ["PORTAL_URL"] = env.address("PORTAL_URL", f"http://localhost:{port}")


def next_free(first: int) -> int:
    """Return the first free port from `first` on."""
    return next(port for port in count(first) if is_free(port))


def is_free(port: int) -> bool:
    """Say whether a program could listen on `port` of this machine now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def prepare(loop_api: str) -> None:
    """Make the tables and the sample data; `loop_api` is where the stand-in will answer."""
    import django
    from django.core.management import CommandError, call_command
    from django.db import OperationalError, connection

    django.setup()
    tell("Preparing the database ...")
    try:
        call_command("migrate", verbosity=0)
        call_command("createcachetable", verbosity=0)
        call_command("sample_data", loop_api=loop_api, verbosity=0)
    except CommandError as reason:
        tell(f"No sample data: {reason}")
    except OperationalError as mistake:
        raise ImproperlyConfigured(f"the database cannot be used: {str(mistake).strip()}") from None
    finally:
        connection.close()


def standin(data_dir: Path, port: int) -> Program:
    """Return the stand-in of the Loop API; its gateway log can be imported as usage."""
    folder = data_dir / "standin"
    folder.mkdir(parents=True, exist_ok=True)
    files = ["--clients", str(folder / "clients.json"), "--log", str(folder / "gateway.ndjson")]
    return Program("Loop API stand-in", [sys.executable, "-m", "loop_standin", "--port", str(port), *files])


def introduce() -> None:
    """Wait until the pages answer, then say where, who and what."""
    from django.conf import settings

    wait_until_it_answers(f"http://127.0.0.1:{settings.PORT}/health/live")
    mails = f"{settings.PORTAL_URL}/mailbox/" if settings.MAIL_IS_KEPT else f"at the mail server {settings.EMAIL_HOST}"
    tell("")
    tell(f"  The Loop API access portal runs at {settings.PORTAL_URL}/")
    tell("  Sign in with an email address; the code comes by mail. These people are there already:")
    for line in people():
        tell(f"    {line}")
    tell("    any other address                           a new requester")
    tell(f"  Sent mails, also the codes: {mails}")
    tell("  Ctrl-C ends it; running work finishes first.")
    tell("")


def wait_until_it_answers(url: str) -> None:
    """Return when `url` answers, or after START_SECONDS with a word about it."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        try:
            httpx.get(url, timeout=2, trust_env=False)
            return
        except httpx.HTTPError:
            time.sleep(0.1)
    tell(f"The pages do not answer after {START_SECONDS} s; the lines above say why.")


def people() -> Iterator[str]:
    """Yield one line for each person with a role, and for the first requesters."""
    from django.db import connection

    from accounts.models import Person

    active = Person.objects.filter(is_active=True)
    staff = active.filter(grants__isnull=False).distinct().prefetch_related("grants").order_by("created_at")
    for person in staff:
        roles = " and ".join(sorted(grant.get_role_display().replace("_", " ") for grant in person.grants.all()))
        yield f"{person.email:<44}{person.name}, {roles}"
    for person in active.filter(grants__isnull=True).order_by("created_at")[:3]:
        yield f"{person.email:<44}{person.name or person.email}, requester"
    connection.close()


if __name__ == "__main__":
    sys.exit(main())
