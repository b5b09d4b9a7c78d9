"""Starts the issuer as a process of its own, with one person and one client.

``python -m tests.life.issuer PORT`` is that process (ISSUER_FOLDER, ISSUER_REDIRECTS in its environment).
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PERSON, PASSWORD, NAME = "kari@staff.example", "correct-horse-battery-staple", "Kari Nordmann"
CLIENT_ID, CLIENT_SECRET = "loop-portal", "secret-of-the-portal-1234567890"
WITHOUT_GRANT = "for-people-alone"
"""A client with the same secret that may not ask for client credentials."""


@dataclass
class Issuer:
    """A running issuer: its address, and the folder through which it is told what to say."""

    url: str
    folder: Path

    def say(self, **tokens: dict[str, Any]) -> None:
        """From now on put these (``claims``, ``id_token``, ``access_token``) over what its library would say."""
        (self.folder / "says.json").write_text(json.dumps(tokens))

    @property
    def token_url(self) -> str:
        """Where it gives tokens."""
        return f"{self.url}/identity/o/api/token"

    def app(self, **settings: Any) -> dict[str, Any]:
        """The issuer as the portal's settings describe it."""
        kept = {"server_url": self.url, "oauth_pkce_enabled": True, "verified_email": [], "email_authentication": True}
        return {
            "provider_id": "work",
            "name": "Nordsjø ID",
            "client_id": CLIENT_ID,
            "secret": CLIENT_SECRET,
            "settings": kept | settings,
        }


@contextlib.contextmanager
def running(folder: Path, *redirects: str) -> Iterator[Issuer]:
    """A fresh issuer that sends people back to ``redirects``; it ends with the block."""
    from tests import servers

    port = servers.free_port()
    issuer = Issuer(f"http://127.0.0.1:{port}", folder)
    issuer.say()
    environment = os.environ | {
        "ISSUER_FOLDER": str(folder),
        "ISSUER_REDIRECTS": "\n".join(redirects),
        "DJANGO_SETTINGS_MODULE": "tests.life.issuer_settings",
    }
    command = [sys.executable, "-m", "tests.life.issuer", str(port)]
    with (folder / "issuer.log").open("w") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        try:
            servers.wait_for(lambda: _answers(issuer), seconds=40, what="the issuer")
            yield issuer
        finally:
            process.terminate()
            process.wait(10)


def _answers(issuer: Issuer) -> bool:
    try:
        with urllib.request.urlopen(f"{issuer.url}/.well-known/openid-configuration", timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def serve(port: str) -> None:
    """Make the database, the person and the client, and answer until the process is ended."""
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    from allauth.account.models import EmailAddress
    from allauth.idp.oidc.models import Client
    from django.contrib.auth.models import User

    first, last = NAME.split()
    person = User.objects.create_user("kari", PERSON, PASSWORD, first_name=first, last_name=last)
    EmailAddress.objects.create(user=person, email=PERSON, verified=True, primary=True)
    for name, grants in ((CLIENT_ID, "authorization_code\nclient_credentials"), (WITHOUT_GRANT, "authorization_code")):
        client = Client(
            id=name,
            name="Loop",
            scopes="openid\nprofile\nemail",
            default_scopes="openid",
            grant_types=grants,
            redirect_uris=os.environ["ISSUER_REDIRECTS"],
            skip_consent=True,
        )
        client.set_secret(CLIENT_SECRET)
        client.save()
    command = ["-m", "gunicorn", "--bind", f"127.0.0.1:{port}", "--threads", "4", "--access-logfile", "-"]
    os.execv(sys.executable, [sys.executable, *command, "django.core.wsgi:get_wsgi_application()"])


if __name__ == "__main__":
    serve(sys.argv[1])
