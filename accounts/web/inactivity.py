"""The inactivity procedure for staff: can the feeds be trusted, what does the next check do, what is braked."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts import outbox, schedule
from accounts.actions import brake
from accounts.actions import inactivity as acting
from accounts.lifecycle.errors import LostRace
from accounts.lifecycle.inactivity import HoldReason, cutoff
from accounts.lifecycle.policy import Policy
from accounts.lifecycle.states import AccountState, Role
from accounts.models import Account, SuspensionList, current_policy
from accounts.readers import forecast, holds, job_runs
from accounts.readers import inactivity as reader
from accounts.web.ahead import months
from accounts.web.door import actor_for, needs
from accounts.web.listing import neighbours
from accounts.web.refusals import not_allowed_is_403
from accounts.words import say

STAFF = (Role.SUPPORT, Role.SERVICE_RESPONSIBLE, Role.ADMINISTRATOR)
CHEAP = 2000
"""So many accounts that may be due are decided while somebody waits for the page; more are for the command."""

SHOWN = 25
RUNS = 5
CHECK = "check_inactivity"
REASONS = {
    HoldReason.FEED_NOT_CURRENT.value: "feed",
    HoldReason.NOTICE_NOT_DELIVERED.value: "nobody",
    HoldReason.HOLD_BY_SUPPORT.value: "support",
}


@dataclass
class Preview:
    """What a check would do now: how many of each kind, and the first [200] that it holds, with the reason.

    ``braked`` are those that wait for a list to be confirmed; they stand on that list, not here.
    """

    counts: Counter[str] = field(default_factory=Counter)
    braked: int = 0
    held: list[dict[str, object]] = field(default_factory=list)

    @property
    def unbraked(self) -> int:
        """How many are held for another reason than the brake."""
        return self.counts["held"] - self.braked


@needs(*STAFF)
@require_safe
def inactivity(request: HttpRequest) -> HttpResponse:
    """Feeds, lists that the brake holds, what the next check does, and the notices that run."""
    policy, now = current_policy(), timezone.now()
    today = timezone.localdate(now)
    context = {
        "policy": policy,
        "feeds": reader.feeds(policy, today),
        "numbers": reader.numbers(),
        "lists": reader.waiting_lists(),
        "preview": _preview(policy, now),
        "running": reader.running(policy, today),
        "today": today,
        "months": months(forecast.Question(policy=policy, today=today, on=today)),
        "runs": [job_runs.Row(run) for run in job_runs.last("check_inactivity", RUNS)],
        "checking": schedule.is_running(CHECK, now),
        "on_hold": holds.running(today),
        "may_confirm": actor_for(request).holds(Role.SUPPORT),
    }
    return render(request, "accounts/staff/inactivity.html", context)


@needs(Role.SUPPORT)
@require_http_methods(["GET", "HEAD", "POST"])
def check_now(request: HttpRequest) -> HttpResponse:
    """Ask, then run the daily check now: the same job, one at a time."""
    if request.method != "POST":
        return render(request, "accounts/staff/check_now.html")
    if schedule.is_running(CHECK, timezone.now()):
        messages.info(request, _("A check is running already. Its progress is shown below."))
    else:
        outbox.wake(outbox.CHECK)
        messages.success(request, _("The check begins in a moment. What it does is shown below."))
    return HttpResponseRedirect(reverse("inactivity"))


@needs(*STAFF)
@require_http_methods(["GET", "HEAD", "POST"])
def suspension_list(request: HttpRequest, pk: UUID) -> HttpResponse:
    """A list that the brake holds. POST confirms exactly this list; Support alone may."""
    held = SuspensionList.objects.select_related("environment").filter(pk=pk).first()
    if held is None:  # nothing of a list that a newer run replaced is kept, also not that it was there
        messages.info(request, _("This list is not there any more: a newer check replaced it. Look at the newest one."))
        return HttpResponseRedirect(reverse("inactivity"))
    actor = actor_for(request)
    if request.method == "POST":
        return _confirm(request, held)
    page = reader.accounts_on(held, request.GET)
    context = {
        "list": held,
        "number": held.accounts.count(),
        "accounts": page.rows,
        "may_confirm": actor.holds(Role.SUPPORT) and held.confirmed_at is None,
        **neighbours(request, page),
    }
    return render(request, "accounts/staff/suspension_list.html", context)


def _confirm(request: HttpRequest, held: SuspensionList) -> HttpResponse:
    with not_allowed_is_403():
        try:
            brake.confirm_list(held, by=actor_for(request), now=timezone.now())
        except LostRace as lost:
            messages.info(request, say(lost.sentence))
        else:
            messages.success(request, _("The list is confirmed. The next check suspends those that are still due."))
    return HttpResponseRedirect(reverse("inactivity"))


def _preview(policy: Policy, now: datetime) -> Preview | None:
    """What the check would do now; None when too many accounts may be due to work it out for a page."""
    today = timezone.localdate(now)
    notified = Account.objects.filter(state=AccountState.NOTIFIED.value)
    due = Account.objects.active_past(cutoff(policy, today))
    if notified[: CHEAP + 1].count() + due[: CHEAP + 1].count() > CHEAP:
        return None
    found = Preview()
    for entry in acting.check(today=today, now=now, dry_run=True):
        found.counts[entry.kind] += 1
        if entry.reason == HoldReason.MASS_SUSPENSION.value:
            found.braked += 1
        elif entry.kind == "held" and len(found.held) < SHOWN:
            found.held.append(_held(entry))
    return found


def _held(entry: acting.Entry) -> dict[str, object]:
    return {
        "account_id": entry.account_id,
        "client_id": entry.client_id,
        "environment": entry.environment,
        "reason": REASONS[entry.reason],
        "why": say(entry.detail),
        "last_activity_on": entry.last_activity_on,
    }
