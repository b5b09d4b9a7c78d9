"""The whole life of an account with real processes: form to reveal, a year of silence, notice, answer, suspension.

Once embedded (SQLite, a broker of files), once on PostgreSQL and Redis. A canary secret is looked for everywhere.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from tests import servers
from tests.life.stage import Stage, Visitor, stage
from tests.story import PURPOSE

INGRID, TECHNICAL = "ingrid@nordsjo.example", "tor@nordsjo.example"
MARTE, HENRIK, SILJE = "marte@support.example", "henrik@loop.example", "silje@cegal.example"
CANARY = {"TEST": "canary-Zx9~TEST-4471-secret", "PRODUCTION": "canary-Qv7~PROD-8812-secret"}
ANSWERS = {
    "organisation_name": "Nordsjø Surplus AS",
    "organisation_number": "923 609 016",
    "role": "seller",
    "environments": ["TEST", "PRODUCTION"],
    "system": "SAP",
    "purpose": PURPOSE,
    "technical_name": "Tor Teknisk",
    "technical_email": TECHNICAL,
    "owner_name": "Ingrid Solheim",
    "owner_email": INGRID,
}

pytestmark = pytest.mark.timeout(400)


@pytest.fixture(params=["embedded", "postgresql+redis"])
def portal(request: pytest.FixtureRequest, tmp_path: Path, mail_server: servers.MailServer) -> Iterator[Stage]:
    """A running portal of either kind."""
    if not shutil.which("faketime"):
        pytest.skip("LEFT OUT: no faketime here (tests/bring.sh installs it)")
    with ExitStack() as stack:
        given = {}
        if request.param != "embedded":
            try:
                given["DATABASE_URL"] = stack.enter_context(servers.postgres())
                given["CELERY_BROKER_URL"] = stack.enter_context(servers.redis())
            except servers.NotInstalledError as reason:
                pytest.skip(f"LEFT OUT: {reason}")
        yield stack.enter_context(stage(tmp_path, mail_server, **given))


@pytest.mark.sqlite_only  # it brings its own PostgreSQL
def test_from_the_order_form_to_the_suspension(portal: Stage) -> None:
    ingrid = Visitor(portal, INGRID).sign_in()
    marte, henrik, silje = (Visitor(portal, email).sign_in() for email in (MARTE, HENRIK, SILJE))

    reference = _order(portal, ingrid, marte)
    _approve(portal, reference, marte, henrik)
    _set_up(portal, reference, marte, silje)
    _nowhere(portal)
    _issue(portal, reference, marte)
    _reveal(portal, ingrid)
    _nowhere(portal)
    _a_year_of_silence(portal)


def _order(portal: Stage, ingrid: Visitor, marte: Visitor) -> str:
    answer = ingrid.send("/orders/new/", **ANSWERS)
    found = re.search(r"LA-\d{4}-\d{4}", str(answer.url))
    assert found, answer.url
    reference = found.group(0)
    ingrid.send(f"/orders/{reference}/do/submit/")
    _mail(portal, MARTE, reference)
    assert reference in marte.page("/staff/worklist/")
    marte.send(f"/orders/{reference}/do/return/", comment_purpose="Which customer is it for?")
    assert "Which customer is it for?" in _mail(portal, INGRID, "Which customer is it for?")
    assert "Which customer is it for?" in ingrid.page(f"/orders/{reference}/edit/")
    ingrid.send(f"/orders/{reference}/edit/", **{**ANSWERS, "purpose": f"{PURPOSE} Customer Brattholm Offshore."})
    ingrid.send(f"/orders/{reference}/do/resubmit/", comment="Added the customer.")
    return reference


def _approve(portal: Stage, reference: str, marte: Visitor, henrik: Visitor) -> None:
    stranger = Visitor(portal, "stranger@elsewhere.example").sign_in()
    assert stranger.http.get(f"/orders/{reference}/").status_code == 404
    marte.send(f"/orders/{reference}/do/send-for-approval/", comment="Known customer.")
    _mail(portal, HENRIK, reference)
    marte.send(f"/orders/{reference}/do/approve/", expect=403)
    henrik.send(f"/orders/{reference}/do/approve/")
    marte.send(f"/orders/{reference}/do/send-to-cegal/")


def _set_up(portal: Stage, reference: str, marte: Visitor, silje: Visitor) -> None:
    _mail(portal, SILJE, reference)
    assert reference in silje.page("/cegal/")
    fields = {f"client_id__{name}": f"client-{name.lower()}" for name in CANARY}
    for name, secret in CANARY.items():
        body = {"secret": secret, "environment": name.lower()}
        httpx.put(f"{portal.loop}/standin/clients/client-{name.lower()}", json=body, trust_env=False)
    silje.send(
        f"/orders/{reference}/do/complete-setup/", **fields, **{f"client_secret__{n}": s for n, s in CANARY.items()}
    )
    assert silje.http.get("/staff/worklist/").status_code == 403


def _issue(portal: Stage, reference: str, marte: Visitor) -> None:
    servers.wait_for(lambda: _verified(portal) == 2, what="the verification of both credentials", seconds=60)
    marte.send(
        f"/orders/{reference}/do/issue-credentials/",
        loop_reference__TEST="LOOP-T1",
        loop_reference__PRODUCTION="LOOP-P1",
    )
    _mail(portal, INGRID, "collect")


def _verified(portal: Stage) -> int:
    code = "from accounts.models import Credential as C; print(C.objects.filter(verified_at__isnull=False).count())"
    return int(portal.manage("shell", "-v0", "-c", code))


def _reveal(portal: Stage, ingrid: Visitor) -> None:
    accounts = {row["environment"]: row for row in json.loads(portal.manage("export_accounts", "--format", "json"))}
    ids = _account_ids(portal)
    ingrid = Visitor(portal, INGRID).sign_in()  # the secret is shown only to somebody who signed in a moment ago
    for name, secret in CANARY.items():
        path = f"/accounts/{ids[name]}/collect/"
        assert secret not in ingrid.page(path)
        shown = ingrid.send(path, ready="on")
        assert secret in shown.text
        assert "no-store" in shown.headers["Cache-Control"]
        assert secret not in ingrid.http.get(path).text
        again = ingrid.send(path, ready="on", expect=409)
        assert "Ingrid Solheim" in again.text or INGRID in again.text
        _use(portal, name, accounts[name]["client_id"], secret)
    assert {row["state"] for row in accounts.values()} == {"active"}


def _use(portal: Stage, name: str, client_id: str, secret: str) -> None:
    base = f"{portal.loop}/{name.lower()}/loop-m2m/loop-api/v1"
    form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret}
    token = httpx.post(f"{base}/token", data=form, trust_env=False)
    assert token.status_code == 201
    bearer = {"Authorization": f"Bearer {token.json()['access_token']}"}
    assert (
        httpx.get(f"{base}/sales?page=1&limit=1&countQueries=true", headers=bearer, trust_env=False).status_code == 200
    )


def _account_ids(portal: Stage) -> dict[str, str]:
    code = (
        "import json; from accounts.models import Account as A; "
        "print(json.dumps({a.environment.name: str(a.pk) for a in A.objects.select_related('environment')}))"
    )
    return dict(json.loads(portal.manage("shell", "-v0", "-c", code)))


def _a_year_of_silence(portal: Stage) -> None:
    """Nobody calls any more. The days that follow are played by the jobs and the pages under a faked clock.

    Worker and beat live in the present and are stopped meanwhile; the web answers the mails' links.
    """
    portal.celery("call", "accounts.tasks.run_due")
    servers.wait_for(lambda: "verify_new" in _runs(portal), what="a job run by the worker", seconds=60)
    portal.stop("worker", "beat")
    activated = json.loads(portal.manage("export_accounts", "--format", "json"))[0]["activated_on"]
    year = int(activated[:4]) + 1
    noticed, late = f"{year}-12-20 09:00:00", f"{year + 1}-02-01 09:00:00"
    _quiet(portal, activated, f"{year}-12-19", noticed)
    preview = json.loads(portal.manage("check_inactivity", "--dry-run", "--format", "json", clock=noticed))
    assert {entry["environment"] for entry in preview["notified"]} == {"TEST", "PRODUCTION"}
    assert _states(portal) == {"TEST": "active", "PRODUCTION": "active"}

    _notice_and_answer(portal, noticed)
    _quiet(portal, f"{year}-12-20", f"{year + 1}-01-31", late)
    _suspension(portal, late)


def _notice_and_answer(portal: Stage, noticed: str) -> None:
    """Both accounts get a notice; the links of the mails change nothing; one is answered."""
    portal.manage("run_due", clock=noticed)  # checks; what it owes is due at once
    portal.manage("deliver_messages", clock=noticed.replace("09:00", "09:05"))
    links = [
        _link(_mail(portal, INGRID, f"you still need {client}")) for client in ("client-test", "client-production")
    ]
    _mail(portal, TECHNICAL, "client-test")
    for link in links:
        assert httpx.get(link, trust_env=False).status_code == 200
        assert httpx.head(link, trust_env=False).status_code == 200
    assert _states(portal) == {"TEST": "notified", "PRODUCTION": "notified"}
    _press_keep(portal, links[0], noticed)
    assert _states(portal) == {"TEST": "active", "PRODUCTION": "notified"}
    assert "The Ekko project goes on." in httpx.get(links[0], trust_env=False).text


def _suspension(portal: Stage, late: str) -> None:
    """The one that nobody answered is suspended, Cegal owes the disabling, and the history holds."""
    portal.manage("run_due", clock=late)
    assert _states(portal) == {"TEST": "active", "PRODUCTION": "suspended"}
    portal.manage("deliver_messages", clock=late.replace("09:00", "09:05"))
    _mail(portal, INGRID, "client-production is suspended")
    silje = Visitor(portal, SILJE).sign_in()
    assert "client-production" in silje.page("/cegal/?state=tasks")
    portal.manage("verify_history")
    history = json.loads(portal.manage("history", "client-production@PRODUCTION", "--format", "json"))
    verbs = [event["verb"] for event in (history if isinstance(history, list) else history["events"])]
    assert (verbs[0], verbs[-1]) == ("create", "suspend_for_inactivity")


def _press_keep(portal: Stage, link: str, clock: str) -> None:
    """Press the button of the answer page on that day, without signing in."""
    path = link.removeprefix(portal.url)
    data = {"verb": "keep", "answer": "keep", "comment": "The Ekko project goes on."}
    code = (
        "from django.test import Client; "
        f"answer = Client(HTTP_HOST='localhost').post({path!r}, {data!r}); print(answer.status_code)"
    )
    assert portal.manage("shell", "-v0", "-c", code, clock=clock).split()[-1] in ("200", "302")


def _runs(portal: Stage) -> str:
    code = (
        "from accounts.models import JobRun; print(*JobRun.objects.filter(state='done').values_list('job', flat=True))"
    )
    return portal.manage("shell", "-v0", "-c", code)


def _quiet(portal: Stage, first: str, last: str, clock: str) -> None:
    """An empty feed is news too: nobody called on these days."""
    for name in CANARY:
        since = ("--covers-from", first) if first else ()
        portal.manage("import_usage", "-", "--environment", name, "--covers-through", last, *since, clock=clock)


def _states(portal: Stage) -> dict[str, str]:
    return {
        row["environment"]: row["state"] for row in json.loads(portal.manage("export_accounts", "--format", "json"))
    }


def _mail(portal: Stage, to: str, words: str) -> str:
    """The newest mail to ``to`` with ``words`` in its subject or text, when it is there."""

    def found() -> str:
        for mail in reversed(portal.mail.to(to)):
            body = mail.get_body(("plain",))
            text = f"{mail['Subject']}\n{body.get_content() if body else ''}"
            if words in text:
                return text
        return ""

    return str(servers.wait_for(found, what=f"a mail to {to} with “{words}”", seconds=90))


def _link(text: str) -> str:
    found = re.search(r"http://\S+/answer/\S+", text)
    assert found, text
    return found.group(0)


def _nowhere(portal: Stage) -> None:
    """Neither the database, nor a log, a mail, or the broker holds a canary in clear."""
    needles = [secret.encode() for secret in CANARY.values()]
    for path in portal.folder.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert not any(needle in content for needle in needles), path
    dump = _dump(portal.environment.get("DATABASE_URL", ""), portal.environment.get("CELERY_BROKER_URL", ""))
    mails = b"".join(mail.as_bytes() for mail in portal.mail.mails)
    assert not any(needle in dump + mails for needle in needles)


def _dump(database: str, broker: str) -> bytes:
    dump = b""
    if database:
        dump += subprocess.run(["pg_dump", database], capture_output=True, check=True).stdout
    if broker:
        import redis

        client = redis.Redis.from_url(broker)
        dump += b"".join(client.dump(key) or b"" for key in client.scan_iter())
    return dump
