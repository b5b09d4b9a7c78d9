"""One secret through a portal as it really runs, looked for in everything that the portal says and keeps.

Web, worker and beat are processes of their own and log all they can. Pages fail while they hold the secret. Only the
answer that reveals it may have it.
"""

from __future__ import annotations

import base64
import html
import json
import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from pathlib import Path
from urllib.parse import quote, quote_plus

import httpx
import pytest
from django.utils.html import escape

from tests import servers
from tests.life.stage import ROOT, Stage, Visitor, stage
from tests.story import PURPOSE

CORE = "Zx9qCanary4471"
CANARY = f"å~{CORE}& <\"+/='8"
CLIENT = "client-of-the-canary"
INGRID, MARTE, SILJE = "ingrid@nordsjo.example", "marte@support.example", "silje@cegal.example"

pytestmark = [pytest.mark.timeout(300), pytest.mark.sqlite_only, pytest.mark.processes]

_TO_CEGAL = f"""
from django.utils import timezone
from accounts import people, verbs
from accounts.actions import ordering
from accounts.models import Environment, Order, Person
now = timezone.now()
Environment.objects.update(sales_checked=True)
Person.objects.create_user("{INGRID}", "Ingrid Solheim")
by = lambda email: people.actor_of(Person.objects.get(email=email), today=timezone.localdate(now))
order = ordering.start(by=by("{INGRID}"), now=now)
ordering.save_answers(order, dict(
    organisation_name="Nordsjø Surplus AS", organisation_number="923609016", as_seller=True, as_broker=False,
    system="SAP", purpose={PURPOSE!r}, technical_name="Tor", technical_email="tor@nordsjo.example",
    owner_name="Ingrid Solheim", owner_email="{INGRID}", environments=list(Environment.objects.filter(name="TEST")),
), by=by("{INGRID}"), now=now)
way = [("submit", "{INGRID}"), ("send_for_approval", "{MARTE}"), ("approve", "henrik@loop.example"),
       ("send_to_cegal", "{MARTE}")]
for verb, email in way:
    verbs.perform(Order.objects.get(), verb, by=by(email), now=now, data={{}})
print(order.reference)
"""


def needles() -> list[bytes]:
    """The canary as it could stand somewhere: plain, encoded for an address, for JSON, for HTML, in base64."""
    texts = {CANARY, CORE, quote(CANARY), quote_plus(CANARY), json.dumps(CANARY), html.escape(CANARY), escape(CANARY)}
    texts |= {json.dumps(CANARY, ensure_ascii=False), repr(CANARY)}
    found = {text.strip("\"'").encode() for text in texts} | {CORE.encode().hex().encode()}
    for before in range(3):  # what stands before it shifts every letter of base64
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            found.add(encode(b"x" * before + CORE.encode())[4:16])
    return sorted(found)


NEEDLES = needles()


def holds(content: bytes) -> bool:
    return any(needle in content for needle in NEEDLES)


class Listener:
    """Keeps every answer that anybody got."""

    def __init__(self) -> None:
        self.answers: list[tuple[str, bytes]] = []

    def hear(self, answer: httpx.Response) -> None:
        self.answers.append((f"{answer.request.method} {answer.url}", answer.read() + str(answer.headers).encode()))

    def visitor(self, portal: Stage, email: str) -> Visitor:
        visitor = Visitor(portal, email)
        visitor.http.event_hooks["response"].append(self.hear)
        return visitor.sign_in()


@pytest.fixture
def portal(tmp_path: Path, mail_server: servers.MailServer) -> Iterator[Stage]:
    with stage(tmp_path, mail_server) as running:
        yield running


@contextmanager
def broken(portal: Stage, break_it: str, mend_it: str) -> Iterator[None]:
    """The database under the running portal is broken by one statement, and mended by another."""
    for statement, last in ((break_it, False), (mend_it, True)):
        with closing(sqlite3.connect(portal.folder / "data" / "portal.sqlite3", timeout=20)) as database:
            database.execute(statement)
            database.commit()
        if not last:
            yield


def no_history(portal: Stage) -> AbstractContextManager[None]:
    """No event can be written: whatever does something ends in an error of ours (500)."""
    trigger = "CREATE TRIGGER canary BEFORE INSERT ON accounts_event BEGIN SELECT RAISE(ABORT, 'broken'); END"
    return broken(portal, trigger, "DROP TRIGGER canary")


def no_credentials(portal: Stage) -> AbstractContextManager[None]:
    """No credential can be stored (503)."""
    rename = "ALTER TABLE accounts_credential RENAME TO {}"
    away = "ALTER TABLE accounts_away RENAME TO accounts_credential"
    return broken(portal, rename.format("accounts_away"), away)


def register(portal: Stage) -> None:
    body = {"secret": CANARY, "environment": "test"}
    httpx.put(f"{portal.loop}/standin/clients/{CLIENT}", json=body, trust_env=False).raise_for_status()


def test_the_secret_is_in_the_answer_that_reveals_it_and_nowhere_else(portal: Stage) -> None:
    listener = Listener()
    reference = portal.manage("shell", "-v0", "-c", _TO_CEGAL).split()[-1]
    silje, marte, ingrid = (listener.visitor(portal, email) for email in (SILJE, MARTE, INGRID))
    account = _entered_and_verified(portal, reference, silje)
    fields = {"loop_reference__TEST": "LOOP-1"}
    marte.send(f"/orders/{reference}/do/issue-credentials/", **fields)
    marte.page(f"/staff/orders/{reference}/")
    address = _tried(portal, ingrid, account)
    _nowhere(portal)
    assert [where for where, answer in listener.answers if holds(answer)] == []

    before = len(listener.answers)
    shown = ingrid.send(address, ready="on")
    assert CANARY in html.unescape(shown.text)
    assert shown.text.count(CORE) == 3  # to copy, in the .env file, in the Postman environment
    ingrid.send(address, ready="on", expect=409)
    ingrid.page(f"/accounts/{account}/")
    having = [where for where, answer in listener.answers[before:] if holds(answer)]
    assert having == [f"POST {portal.url}{address}"]
    portal.stop()  # what the processes kept back is written now
    _nowhere(portal)


def _entered_and_verified(portal: Stage, reference: str, silje: Visitor) -> str:
    """Cegal enters the secret, first into a broken database; it works after a while. Gives the account's id."""
    path = f"/orders/{reference}/do/complete-setup/"
    entered = {"client_id__TEST": CLIENT, "client_secret__TEST": CANARY}
    silje.page(f"/cegal/orders/{reference}/")
    with no_credentials(portal):
        silje.send(path, expect=503, **entered)
    silje.send(path, **entered)
    page = f"/cegal/orders/{reference}/"
    servers.wait_for(lambda: "A new secret may take a while" in silje.page(page), what="a first refusal", seconds=30)
    register(portal)
    servers.wait_for(lambda: "Token received in" in silje.page(page), what="the verification", seconds=60)
    assert "accepted the token and answered with sales" in silje.page(page)
    return portal.manage(
        "shell", "-v0", "-c", "from accounts.models import Account as A; print(A.objects.get().pk)"
    ).strip()


def _tried(portal: Stage, ingrid: Visitor, account: str) -> str:
    """The owner looks, tests the connection and reveals, both also while the portal fails. Gives the page's address."""
    address, test = f"/accounts/{account}/collect/", f"/accounts/{account}/start/test/"
    ingrid.page(address)
    with no_history(portal):
        ingrid.send(address, expect=500, ready="on")
        ingrid.send(test, expect=500, client_secret=CANARY)
    assert "Token received in" in ingrid.send(test, client_secret=CANARY).text
    ingrid.send(test, client_secret=CANARY + "x" * 600, expect=422)
    return address


def _nowhere(portal: Stage) -> None:
    """Neither a file of the portal (database, its journal, broker, logs), nor a file it serves, nor a mail has it."""
    files = [path for folder in (portal.folder, ROOT / "static") for path in folder.rglob("*") if path.is_file()]
    names = {path.name for path in files}
    assert {"portal.sqlite3", "web.log", "worker.log", "beat.log"} <= names
    assert b"Traceback" in (portal.folder / "web.log").read_bytes()
    assert [path for path in files if holds(_content(path))] == []
    assert portal.mail.mails
    assert not holds(b"".join(mail.as_bytes() for mail in portal.mail.mails))


def _content(path: Path) -> bytes:
    """What is in a file; nothing in one of the broker's that was taken meanwhile."""
    with suppress(FileNotFoundError):
        return path.read_bytes()
    return b""


def test_the_search_finds_the_canary_in_every_writing() -> None:
    writings = [CANARY, quote(CANARY), quote_plus(CANARY), json.dumps(CANARY), json.dumps({"a": CANARY})]
    writings += [escape(CANARY), repr(CANARY), base64.b64encode(f"{CLIENT}:{CANARY}".encode()).decode()]
    writings += [base64.b64encode(f"{'x' * number}{CANARY}".encode()).decode() for number in range(3)]
    assert [writing for writing in writings if not holds(f"... {writing} ...".encode())] == []
    assert not holds(b"nothing of it")
