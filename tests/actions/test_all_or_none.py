"""A change, its event, its mails, its tasks and its other rows are one commit: when one fails, none is there."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from django.db import DatabaseError

from accounts import outbox
from accounts.actions import credentials, engine, provider, timers
from accounts.lifecycle.actor import SYSTEM
from accounts.models import Account, Credential, Order, Task
from tests.actions.checking import AFTER, TODAY, check
from tests.actions.tools import nothing_written
from tests.story import Story

STEPS = [(engine, "_event"), (outbox, "post"), (outbox, "owe")]


def prepared(story: Story, verb: str) -> Callable[[], object]:
    """Bring something to where ``verb`` is possible; give what carries it out."""
    orders = {
        "submit": ("draft", "ingrid"),
        "return": ("support", "support"),
        "approve": ("approval", "responsible"),
        "complete_setup": ("cegal_setup", "cegal"),
        "issue_credentials": ("credential_issue", "support"),
    }
    if verb in orders:
        state, who = orders[verb]
        order = story.order_in(state)
        data = story.data_for(order, verb) or {"comment": "Because."}
        return lambda: story.do(Order.objects.get(pk=order.pk), verb, who, **data)
    if verb in ("keep", "suspend", "close"):
        account = story.account_in("notified")
        who = "ingrid" if verb == "keep" else "support"
        return lambda: story.do(Account.objects.get(pk=account.pk), verb, who, comment="Because.")
    if verb == "reveal":
        credential = Credential.objects.get(account__order=story.order_in("issued"))
        return lambda: credentials.reveal(credential, by=story.actor("ingrid"), now=story.now)
    if verb == "confirm":
        task = Task.objects.get(account=story.account_in("suspended"))
        return lambda: provider.confirm(task, by=story.actor("cegal"), now=story.now)
    if verb == "expire":
        story.order_in("returned")
        late = date(2027, 3, 1)
        return lambda: timers.expire_returned(today=late, now=story.now, by=SYSTEM)
    story.account_in("notified")
    story.account(last_used_on=date(2025, 1, 1))
    story.covered(TODAY, AFTER)
    return lambda: check(AFTER)


@pytest.mark.parametrize(
    "verb",
    [
        "submit", "return", "approve", "complete_setup", "issue_credentials", "keep", "suspend", "close", "reveal",
        "confirm", "expire", "check",
    ],
)  # fmt: skip
@pytest.mark.parametrize(("room", "step"), STEPS, ids=[step for _room, step in STEPS])
def test_a_failure_at_any_step_leaves_everything_as_it_was(
    story: Story, monkeypatch: pytest.MonkeyPatch, verb: str, room: object, step: str
) -> None:
    carry_out = prepared(story, verb)

    def away(*_args: object, **_kwargs: object) -> None:
        raise DatabaseError("the database went away")

    with monkeypatch.context() as patch:
        patch.setattr(room, step, away)
        with nothing_written(), pytest.raises(DatabaseError):
            carry_out()
    carry_out()


def test_a_chunk_of_the_check_is_one_commit_and_the_others_stand(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    """A failure in the second chunk keeps the first; the next run does the rest and nothing twice."""
    from accounts.actions import inactivity

    monkeypatch.setattr(inactivity, "CHUNK", 2)
    story.covered(TODAY - timedelta(days=900), TODAY)
    for number in range(4):
        story.account(client_id=f"quiet-{number}", last_used_on=date(2025, 11, 1 + number))
    post, calls = outbox.post, []

    def fails_the_second_time(*args: object, **kwargs: object) -> object:
        calls.append(1)
        if len(calls) == 2:
            raise DatabaseError("the database went away")
        return post(*args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(outbox, "post", fails_the_second_time)
    with pytest.raises(DatabaseError):
        check(TODAY)
    assert Account.objects.filter(state="notified").count() == 2
    assert check(TODAY) == {"notified": ["quiet-2", "quiet-3"]}
