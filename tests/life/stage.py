"""The portal as it really runs: web, worker and beat as processes of their own, a mail server, a Loop API.

``Stage`` starts them; ``Visitor`` is somebody with a browser that knows forms and cookies but no script.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from loop_standin.process import running
from portal.embedded import new_credential_key, new_secret_key
from tests import servers, template

ROOT = Path(__file__).resolve().parents[2]
PEOPLE = {
    "marte@support.example": "support",
    "henrik@loop.example": "service_responsible",
    "silje@cegal.example": "cegal",
}
_PREPARE = """
from django.core.management import call_command
from accounts.models import Environment
call_command("migrate", verbosity=0)
call_command("createcachetable", verbosity=0)
for email, role in {people}.items():
    call_command("create_person", email, role=[role], name=email.partition("@")[0].title())
for environment in Environment.objects.all():
    base = "{loop}/" + environment.name.lower()
    Environment.objects.filter(pk=environment.pk).update(
        token_url=base + "/loop-m2m/loop-api/v1/token", base_url=base, private_addresses_allowed=True)
"""


@dataclass
class Stage:
    """A running portal. ``folder`` holds everything it keeps, and its logs."""

    folder: Path
    mail: servers.MailServer
    loop: str
    environment: dict[str, str]
    url: str
    programs: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    visitors: list[httpx.Client] = field(default_factory=list)

    def manage(self, *arguments: str, clock: str = "", stdin: str = "") -> str:
        """Run a command of manage.py and give what it printed; ``clock`` fakes its system clock (UTC)."""
        command = [sys.executable, "manage.py", *arguments]
        if clock:
            command = ["faketime", "-f", f"@{clock}", *command]
        done = subprocess.run(
            command, cwd=ROOT, env=self.environment, input=stdin, capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, f"{' '.join(arguments)}: {done.stdout}{done.stderr}"
        return done.stdout

    def celery(self, *arguments: str) -> None:
        """Run a command of Celery."""
        command = [sys.executable, "-m", "celery", "--quiet", "--app", "portal", *arguments]
        subprocess.run(command, cwd=ROOT, env=self.environment, capture_output=True, check=True, timeout=60)

    def start(self) -> None:
        """Start web, worker and beat, each writing its log into the folder."""
        from portal.runner import portal_programs

        for program in portal_programs():
            with (self.folder / f"{program.name}.log").open("ab") as log:
                to = {"stdout": log, "stderr": log, "start_new_session": True}
                self.programs[program.name] = subprocess.Popen(program.command, cwd=ROOT, env=self.environment, **to)
        servers.wait_for(self._answers, what="the pages", seconds=60)

    def stop(self, *names: str) -> None:
        """End these programs, or all, children too; running work finishes first."""
        ending = [self.programs.pop(name) for name in names or tuple(self.programs)]
        for program in ending:
            program.terminate()
        for program in ending:
            with contextlib.suppress(subprocess.TimeoutExpired):
                program.wait(20)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(program.pid, signal.SIGKILL)
            program.wait()

    def close(self) -> None:
        """End everything, and everybody's connections."""
        self.stop()
        for visitor in self.visitors:
            visitor.close()

    def _answers(self) -> bool:
        try:
            return httpx.get(f"{self.url}/health/ready", timeout=5, trust_env=False).status_code == 200
        except httpx.HTTPError:
            return False


@contextmanager
def stage(folder: Path, mail: servers.MailServer, **given: str) -> Iterator[Stage]:
    """A portal on ``folder``: embedded (SQLite, a broker of files), or on what ``given`` names (DATABASE_URL, ...)."""
    port = servers.free_port()
    url = f"http://localhost:{port}"
    kept = ("PATH", "HOME", "LANG", "VIRTUAL_ENV")
    environment = {
        **{name: os.environ[name] for name in kept if name in os.environ},
        "DATA_DIR": str(folder / "data"), "PORT": str(port), "PORTAL_URL": url, "EMAIL_URL": mail.url,
        "SECRET_KEY": new_secret_key(), "CREDENTIAL_KEYS": new_credential_key(), "LOG_LEVEL": "DEBUG",
        "WEB_CONCURRENCY": "1", "REQUIRE_SECOND_FACTOR": "false", **given,  # its own tests are elsewhere
    }  # fmt: skip
    with ExitStack() as stack:
        loop = stack.enter_context(running("--log", str(folder / "gateway.ndjson")))
        portal = Stage(folder, mail, loop, environment, url)
        if "DATABASE_URL" not in given:
            (folder / "data").mkdir()
            template.copy_to(folder / "data" / "portal.sqlite3")
        portal.manage("shell", "-v0", "-c", _PREPARE.format(loop=loop, people=PEOPLE))
        stack.callback(portal.close)
        portal.start()
        yield portal


class Visitor:
    """Somebody with a browser without script: signs in by the code in the mail, follows pages, sends forms."""

    def __init__(self, portal: Stage, email: str) -> None:
        self.portal, self.email = portal, email
        self.http = httpx.Client(base_url=portal.url, follow_redirects=True, trust_env=False, timeout=30)
        portal.visitors.append(self.http)

    def sign_in(self) -> Visitor:
        """Ask for a code, read it in the mail, type it."""
        before = len(self.portal.mail.to(self.email))
        self.send("/account/login/", login=self.email)
        servers.wait_for(lambda: len(self.portal.mail.to(self.email)) > before, what="the code", seconds=30)
        mail = self.portal.mail.to(self.email)[-1]
        text = mail.get_body(("plain",))
        assert text is not None
        found = re.search(r"^\s{2,}(\S{4,})\s*$", text.get_content(), re.MULTILINE)
        assert found, text.get_content()
        self.send("/account/login/code/confirm/", code=found.group(1))
        return self

    def page(self, path: str) -> str:
        """The HTML of a page that must be there."""
        answer = self.http.get(path)
        assert answer.status_code == 200, (path, answer.status_code, answer.text[:2000])
        return answer.text

    def send(self, path: str, *, expect: int = 200, **fields: Any) -> httpx.Response:
        """Send the form of ``path``, with its CSRF token, and follow to where it leads."""
        self.http.get(path)
        token = self.http.cookies.get("csrftoken", "")
        data = {"csrfmiddlewaretoken": token, **fields}
        answer = self.http.post(path, data=data, headers={"Referer": f"{self.portal.url}{path}"})
        assert answer.status_code == expect, (path, answer.status_code, _errors(answer.text))
        return answer


def _errors(html: str) -> str:
    """What a page says went wrong, for the message of a failed test."""
    return " ".join(re.sub(r"<[^>]+>", " ", html.split("<main", 1)[-1]).split())[:1500]
