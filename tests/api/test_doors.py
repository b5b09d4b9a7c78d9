"""One verb, three doors: the page, the API and the command write the same event."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone

from accounts import verbs
from accounts.lifecycle.states import Role
from accounts.models import Account, Event, Order
from accounts.web import verbs as web
from tests.api.calling import Caller
from tests.story import Story
from tests.web.visitors import browser_of

pytestmark = pytest.mark.django_db
SOON = str(timezone.localdate() + timedelta(days=60))  # the doors read the machine's clock
ROLES = {"support": Role.SUPPORT, "responsible": Role.SERVICE_RESPONSIBLE, "cegal": Role.CEGAL}
CASES: list[tuple[str, str, str, dict[str, Any]]] = [
    ("send_for_approval", "support", "support", {"comment": "By phone."}),
    ("return", "support", "support", {"comment": "Which project?", "comment_purpose": "Say more."}),
    ("reject", "approval", "responsible", {"comment": "Not a customer."}),
    ("approve", "approval", "responsible", {"comment": "Fine."}),
    ("send_to_cegal", "approved", "support", {}),
    ("hand_back", "cegal_setup", "cegal", {"comment": "Who sets it up?"}),
    ("complete_setup", "cegal_setup", "cegal", {}),
    ("issue_credentials", "credential_issue", "support", {"comment": "No network.", "override": True}),
    ("suspend", "active", "support", {"comment": "A leaked secret."}),
    ("close", "active", "support", {"comment": "Replaced."}),
    ("hold", "active", "support", {"comment": "A move.", "until": SOON}),
    ("keep", "notified", "support", {"comment": "Used in March."}),
]


def by_page(story: Story, who: str, subject: Order | Account, verb: str, fields: dict[str, Any], _tmp: Path) -> None:
    name, key = ("order_verb", subject.reference) if isinstance(subject, Order) else ("account_verb", subject.pk)
    sent = {field: "on" if value is True else value for field, value in fields.items()}
    response = browser_of(getattr(story, who)).post(reverse(name, args=[key, verb]), sent)
    assert response.status_code == 302, response.content.decode()[-2000:]


def by_api(story: Story, who: str, subject: Order | Account, verb: str, fields: dict[str, Any], _tmp: Path) -> None:
    path = f"orders/{subject.reference}" if isinstance(subject, Order) else f"accounts/{subject.pk}"
    response = Caller(ROLES[who]).do(f"{path}/{verb}", **fields)
    assert response.status_code == 200, response.content


def by_command(story: Story, who: str, subject: Order | Account, verb: str, fields: dict[str, Any], tmp: Path) -> None:
    file = tmp / "data.json"
    file.write_text(json.dumps(fields))
    name = subject.reference if isinstance(subject, Order) else f"{subject.client_id}@{subject.environment.name}"
    call_command("transition", name, verb, email=getattr(story, who).email, data=str(file))


DOORS = {"page": by_page, "api": by_api, "command": by_command}


@pytest.mark.parametrize(("verb", "state", "who", "fields"), CASES, ids=[case[0] for case in CASES])
@pytest.mark.parametrize("door", DOORS)
def test_the_same_event(
    story: Story, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, door: str, verb: str, state: str, who: str,
    fields: dict[str, Any],
) -> None:  # fmt: skip
    monkeypatch.setattr(web, "step_up", lambda _request: None)  # proving anew who one is: people alone do that
    is_order = verb not in ("suspend", "close", "hold", "keep")
    subject: Order | Account = story.order_in(state) if is_order else story.account_in(state)
    said = {**story.data_for(subject, verb), **fields} if isinstance(subject, Order) else fields
    said["override"] = True if verb == "issue_credentials" else None
    said = {name: value for name, value in said.items() if value is not None}
    DOORS[door](story, who, subject, verb, said, tmp_path)
    event = Event.objects.filter(subject_id=subject.pk, verb=verb).order_by("-seq")[0]
    assert (event.seq, event.source, event.comment) == (subject.version + 1, state, fields.get("comment", ""))
    assert event.target == str(verbs.row_of(subject, verb).target)
    assert event.actor_kind == ("token" if door == "api" else "person")
    assert set(event.data) - VARY == KEPT.get(verb, set())


VARY = frozenset({"on_behalf_of"})
KEPT: dict[str, set[str]] = {
    "return": {"answer_by", "comments"},
    "hold": {"until"},
    "issue_credentials": {"unverified"},
}
"""What the event of a verb keeps besides its comment, whichever door it came through."""
