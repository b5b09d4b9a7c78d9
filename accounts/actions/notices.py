"""The notice of one account: opened, reminded, answered, cleared, ended by a suspension (DOMAIN.md).

The verbs of the daily check take many accounts; an answer takes one. All go through the engine.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from accounts import outbox
from accounts.actions import contacts, engine, holds, provider, secrets
from accounts.actions.engine import Change, Owed
from accounts.lifecycle.actor import Actor, ActorKind
from accounts.lifecycle.facts import AccountFacts
from accounts.lifecycle.inactivity import Action, cutoff
from accounts.lifecycle.policy import Policy
from accounts.lifecycle.states import Audience, NoticeOutcome, TaskKind
from accounts.lifecycle.transition import Tell
from accounts.models import Account, Event, Handover, HandoverState, Notice
from accounts.models.among import among
from accounts.models.event import ON_BEHALF_OF
from accounts.models.facts import account_facts
from accounts.models.ids import ordered_ids
from accounts.models.insert import insert_rows

_REMINDER = Tell("inactivity_reminder", Audience.OWNER)

Pairs = Sequence[tuple[Account, Notice | None]]


def notify(pairs: Pairs, *, policy: Policy, today: date, by: Actor, now: datetime) -> set[UUID]:
    """Open a notice for each account that is still inactive in the database; give those notified."""
    ids = dict(zip((account.pk for account, _none in pairs), ordered_ids(now), strict=False))

    def open_notices(changes: list[tuple[Account, Event]]) -> None:
        insert_rows(
            Notice,
            ({"id": ids[account.pk], "account_id": account.pk, "last_activity_on": account.last_activity_on}
             for account, _event in changes),
            opened_on=today,
        )  # fmt: skip

    change = Change(
        still=Q(last_activity_on__lt=cutoff(policy, today)) & holds.none_on(today), also=open_notices, notices=ids,
        data=lambda account: {"last_activity_on": account.last_activity_on.isoformat()},
    )  # fmt: skip
    return _many(pairs, "notify", by, now, change)


def remind(pairs: Pairs, *, policy: Policy, today: date, by: Actor, now: datetime) -> set[UUID]:
    """Remind those whom each notice that is still open has reached; give the accounts reminded."""
    held = {account.pk: notice for account, notice in pairs if notice is not None}

    def stamp(changes: list[tuple[Account, Event]]) -> None:
        notices = {account.pk: held[account.pk].pk for account, _event in changes}
        Notice.objects.filter(among("pk", list(notices.values()))).update(reminded_on=today)
        outbox.post_each(changes, _REMINDER, contacts.asked_by(notices), now=now, notices=notices)

    change = Change(
        also=stamp,
        data=lambda account: {"answer_by": str(held[account.pk].answer_by)},
    )  # fmt: skip
    subjects = [account for account, notice in pairs if notice is not None]
    done = engine.record(subjects, "remind", by=by, now=now, change=change)
    return {account.pk for account, _event in done}


def clear(pairs: Pairs, *, policy: Policy, today: date, by: Actor, now: datetime) -> set[UUID]:
    """notified -> active: usage shows that the account is not inactive any more."""
    change = Change(
        also=_ender(NoticeOutcome.USED, now), notices=_ids(pairs),
        data=lambda account: {"last_activity_on": account.last_activity_on.isoformat()},
    )  # fmt: skip
    return _many(pairs, "used", by, now, change)


def suspend_for_inactivity(pairs: Pairs, *, policy: Policy, today: date, by: Actor, now: datetime) -> set[UUID]:
    """notified -> suspended, for those that are still inactive and whose delivered notice is still unanswered."""
    change = Change(
        still=Q(last_activity_on__lt=cutoff(policy, today)) & holds.none_on(today),
        also=_ender(NoticeOutcome.SUSPENDED, now),
        notices=_ids(pairs), data=lambda account: {"last_activity_on": account.last_activity_on.isoformat()},
    )  # fmt: skip
    return _many(pairs, "suspend_for_inactivity", by, now, change)


Sweep = Callable[..., set[UUID]]
VERBS: dict[Action, Sweep] = {
    Action.CLEAR: clear,
    Action.REMIND: remind,
    Action.SUSPEND: suspend_for_inactivity,
    Action.NOTIFY: notify,
}
"""What the daily check does for each decision, in the order in which it does it."""


def ask_for_contact(pairs: Pairs, *, by: Actor, now: datetime) -> None:
    """Open Support's task to find a contact for each notice that reached nobody; once per notice."""
    new = [(account, notice) for account, notice in pairs if notice is not None and notice.undeliverable_at is None]
    if not new:
        return
    notices = {account.pk: notice.pk for account, notice in new}

    def stamp(changes: list[tuple[Account, Event]]) -> None:
        asked = Notice.objects.filter(pk__in=[notices[account.pk] for account, _event in changes])
        asked.update(undeliverable_at=now)

    change = Change(also=stamp)
    owed = Owed((Tell("notice_not_delivered", Audience.SUPPORT),), (TaskKind.FIND_CONTACT,))
    engine.record([account for account, _n in new], "notice_not_delivered", by=by, now=now, change=change, owed=owed)


def keep(account: Account, *, by: Actor, now: datetime, comment: str) -> Event:
    """The answer "I still need it", with a reason, by the owner, a mail's link or Support on their behalf."""
    today = timezone.localdate(now)
    change = Change(
        comment=comment, columns={"kept_on": today}, also=_ender(NoticeOutcome.KEPT, now, comment, by),
        notices=_open_notice(account), data=lambda _a: _on_behalf(account, by),
    )  # fmt: skip
    return engine.move(
        account, "keep", by=by, now=now, facts=account_facts(account, by, comment=comment), change=change
    )


def suspend(account: Account, *, by: Actor, now: datetime, comment: str) -> Event:
    """Suspend at once, with a reason (a leaked secret, say); an open notice ends with it."""
    end_notice = _ender(NoticeOutcome.SUSPENDED, now, comment, by)

    def end(changes: list[tuple[Account, Event]]) -> None:
        end_notice(changes)
        holds.end_with(account, by=by, now=now)

    change = Change(comment=comment, also=end)
    facts = account_facts(account, by, comment=comment)
    return engine.move(account, "suspend", by=by, now=now, facts=facts, change=change)


def close(account: Account, *, by: Actor, now: datetime, comment: str) -> Event:
    """Close for good, with a reason; nobody needs to enable its client or to enter a secret for it any more, and a
    secret that nobody collected is destroyed.

    A mail's link cannot close: that needs signing in.
    """
    end_notice = _ender(NoticeOutcome.CLOSED, now, comment, by)

    def end(changes: list[tuple[Account, Event]]) -> None:
        end_notice(changes)
        holds.end_with(account, by=by, now=now)
        _end_handover(account, by=by, now=now)
        for kind in (
            TaskKind.ENABLE_CLIENT, TaskKind.NEW_SECRET, TaskKind.REMOVE_SECRET, TaskKind.SUSPENDED_IN_USE,
        ):  # fmt: skip
            provider.supersede(account, kind, by=by, now=now)

    change = Change(comment=comment, also=end, data=lambda _a: _on_behalf(account, by))
    with transaction.atomic():
        # before the account is locked: whoever reveals a secret locks the two in this order as well
        secrets.destroy_stored(account, now=now)
        # whoever sends an order to reactivate it waits, and sees that it is closed; or was first, and is seen here
        Account.objects.select_for_update(no_key=True).get(pk=account.pk)
        facts = account_facts(account, by, comment=comment)
        return engine.move(account, "close", by=by, now=now, facts=facts, change=change)


def _end_handover(account: Account, *, by: Actor, now: datetime) -> None:
    """Nobody can take over an account that is closed."""
    asked = Handover.objects.filter(account=account, state=HandoverState.ASKED.value)
    asked.update(state=HandoverState.WITHDRAWN.value, closed_at=now, closed_by=by.name)


def _many(pairs: Pairs, verb: str, by: Actor, now: datetime, change: Change) -> set[UUID]:
    facts = AccountFacts(roles=by.roles, notice_open=True)
    moved = engine.move_many([account for account, _n in pairs], verb, by=by, now=now, facts=facts, change=change)
    return {account.pk for account, _event in moved}


def _ender(
    outcome: NoticeOutcome, now: datetime, answer: str = "", by: Actor | None = None
) -> Callable[[list[tuple[Any, Event]]], None]:
    """Close the open notices of the accounts that moved, with their outcome."""

    def end(changes: list[tuple[Account, Event]]) -> None:
        running = Notice.objects.filter(outcome=NoticeOutcome.OPEN.value)
        running = running.filter(among("account_id", [account.pk for account, _event in changes]))
        running.update(outcome=outcome.value, closed_at=now, answer=answer[:1000], answered_by=by.name if by else "")

    return end


def _ids(pairs: Pairs) -> dict[UUID, UUID]:
    return {account.pk: notice.pk for account, notice in pairs if notice is not None}


def _open_notice(account: Account) -> dict[UUID, UUID]:
    open_notice = Notice.objects.filter(account=account, outcome=NoticeOutcome.OPEN.value).first()
    return {account.pk: open_notice.pk} if open_notice else {}


def _on_behalf(account: Account, by: Actor) -> dict[str, Any]:
    """Recorded when Support acts for the owner: for whom, in words, as the history keeps names."""
    return {} if by.kind is ActorKind.LINK or by.id == account.owner_id else {ON_BEHALF_OF: str(account.owner)}
