"""What another policy would do, worked out with the rules themselves: before and after, side by side."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.actions import inactivity
from accounts.lifecycle.inactivity import cutoff
from accounts.lifecycle.policy import POLICY_NAMES, Policy
from accounts.lifecycle.states import AccountState
from accounts.models import Account
from accounts.readers import administration as reader

CHEAP = 10_000
"""So many accounts that may be due are decided, twice, while somebody waits for the page."""

ABOUT_INACTIVITY = POLICY_NAMES[:7]


@dataclass(frozen=True)
class Effect:
    """One figure under the policy in force and under the other one."""

    name: str
    before: int
    after: int


@dataclass(frozen=True)
class Effects:
    """The figures that the change could touch, and ``may_be_due`` accounts when these are too many to decide now."""

    rows: list[Effect]
    running: int = 0
    may_be_due: int = 0

    @property
    def nothing(self) -> bool:
        """Does no figure differ?"""
        return not self.may_be_due and all(row.before == row.after for row in self.rows)


def effects(before: Policy, after: Policy, now: datetime) -> Effects:
    """What would differ tomorrow (the next daily check) and in the worklist today. Nothing is written.

    Accounts are decided by the check itself in a dry run, orders counted by the worklist's own query.
    """
    changed = {name for name in POLICY_NAMES if getattr(before, name) != getattr(after, name)}
    rows: list[Effect] = []
    may_be_due = 0
    if changed.intersection(ABOUT_INACTIVITY):
        may_be_due = _may_be_due(before, after, now)
        if not may_be_due:
            rows += _checks(before, after, now)
    if any(name.startswith("target_") for name in changed):
        late = [reader.late_orders(policy, now) for policy in (before, after)]
        rows.append(Effect(_("Open orders that count as late today"), *late))
    if "return_warning_days" in changed:
        today = timezone.localdate(now)
        warned = [reader.to_be_warned(today + timedelta(days=1), p.return_warning_days) for p in (before, after)]
        rows.append(Effect(_("Returned orders warned tomorrow that they will be withdrawn"), *warned))
    running = reader.running_notices() if "answer_days" in changed else 0
    return Effects(rows, running, may_be_due)


def changes(before: Policy, after: Policy, labels: dict[str, Any]) -> list[dict[str, Any]]:
    """What changes, as rows of ``components/_facts.html``: "30 → 45"."""
    old, new = asdict(before), asdict(after)
    return [{"term": labels[n], "value": f"{old[n]} → {new[n]}"} for n in POLICY_NAMES if old[n] != new[n]]


def _checks(before: Policy, after: Policy, now: datetime) -> Iterator[Effect]:
    then, now_then = (_count(policy, now + timedelta(days=1)) for policy in (before, after))
    words = {
        "notified": _("Accounts notified tomorrow"),
        "reminded": _("Accounts reminded tomorrow"),
        "cleared": _("Notices that tomorrow’s check ends, since the account is not inactive"),
        "suspended": _("Accounts suspended tomorrow"),
        "held": _("Accounts left alone tomorrow, with a reason"),
    }
    yield from (Effect(word, then[kind], now_then[kind]) for kind, word in words.items())


def _count(policy: Policy, at: datetime) -> Counter[str]:
    found = inactivity.check(today=timezone.localdate(at), now=at, dry_run=True, policy=policy)
    return Counter(entry.kind for entry in found)


def _may_be_due(before: Policy, after: Policy, now: datetime) -> int:
    """How many accounts the longer of both checks would look at; 0 when these are few enough to decide now."""
    tomorrow = timezone.localdate(now) + timedelta(days=1)
    latest = max(cutoff(policy, tomorrow) for policy in (before, after))
    active, notified = Account.objects.active_past(latest), Account.objects.filter(state=AccountState.NOTIFIED.value)
    if active[: CHEAP + 1].count() + notified[: CHEAP + 1].count() <= CHEAP:
        return 0
    return active.count() + notified.count()
