"""What the check decides now about many notified accounts, as the page of one explains it (readers/explained.py)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from uuid import UUID

from django.db.models import Count

from accounts.lifecycle.explanation import Brake, Explanation, Known
from accounts.lifecycle.inactivity import decide
from accounts.lifecycle.policy import Policy
from accounts.models import Account, Hold, Notice, SuspensionList
from accounts.models.among import among
from accounts.models.watch import Watch, watches

Asked = list[tuple[Account, Notice]]


def held(asked: Asked, policy: Policy, today: date) -> dict[UUID, Explanation]:
    """Those of the accounts that are held today, each with its open notice given, and why.

    Four queries, however many; none when nobody was asked.
    """
    if not asked:
        return {}
    ids = [account.pk for account, _notice in asked]
    watched, holds = watches(), Hold.objects.by_account(ids, today)
    brakes = _brakes(asked)
    found = {
        account.pk: _explanation(account, notice, watched, holds.get(account.pk), brakes[account.pk], policy, today)
        for account, notice in asked
    }
    return {pk: explanation for pk, explanation in found.items() if explanation.verdict.reason is not None}


def _explanation(
    account: Account,
    notice: Notice,
    watched: Mapping[UUID, Watch],
    hold: Hold | None,
    brake: Brake,
    policy: Policy,
    today: date,
) -> Explanation:
    asked = notice.facts(undeliverable=notice.undeliverable_at is not None)
    watch = watched.get(account.environment_id, Watch())
    facts = watch.facts(account, asked, hold.until if hold else None)
    return Explanation(today, policy, facts, Known(brake=brake), decide(facts, policy, today))


def _brakes(asked: Asked) -> dict[UUID, Brake]:
    """What the brake has to do with each account. Two queries."""
    waiting = SuspensionList.objects.filter(confirmed_at__isnull=True).annotate(number=Count("accounts"))
    lists = {each.pk: each for each in waiting}
    rows = SuspensionList.accounts.through.objects.filter(among("account_id", [account.pk for account, _n in asked]))
    listed: dict[UUID, list[tuple[UUID, date]]] = {}
    for account, of, run_on in rows.values_list("account_id", "suspensionlist_id", "suspensionlist__run_on"):
        listed.setdefault(account, []).append((of, run_on))
    return {account.pk: _brake(notice, listed.get(account.pk, ()), lists) for account, notice in asked}


def _brake(notice: Notice, listed: Iterable[tuple[UUID, date]], lists: Mapping[UUID, SuspensionList]) -> Brake:
    """A list that was confirmed counts for the round whose answer period was over when it was made."""
    begins = notice.answer_by or date.max
    confirmed_on = max((run_on for pk, run_on in listed if pk not in lists and run_on > begins), default=None)
    waiting = next((lists[pk] for pk, _run_on in listed if pk in lists), None)
    if waiting is None:
        return Brake(confirmed_on=confirmed_on)
    number: int = waiting.number  # type: ignore[attr-defined]  # counted by the query
    return Brake(waiting.run_on, number, waiting.allowed, has_it=True, confirmed_on=confirmed_on)
