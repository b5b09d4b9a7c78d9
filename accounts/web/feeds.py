"""Usage feeds for staff: how far each environment is known, gaps to accept, and every delivery."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.actions.usage_gaps import accept_gap
from accounts.actions.usage_manual import correct_use, record_use
from accounts.forms.usage import BatchFilter, GapForm, UseForm
from accounts.lifecycle.states import Role
from accounts.models import Environment, FeedKind, current_policy
from accounts.readers import feeds as reader
from accounts.web.asking import Question, ask_keeping
from accounts.web.door import actor_for, find_account, needs
from accounts.web.listing import here_with, neighbours, tabs

STAFF = (Role.SUPPORT, Role.SERVICE_RESPONSIBLE, Role.ADMINISTRATOR)


@needs(*STAFF)
@require_safe
def feeds(request: HttpRequest) -> HttpResponse:
    """Every environment with its feeds and gaps, and the deliveries, the newest first."""
    policy, today = current_policy(), timezone.localdate()
    form = BatchFilter(request.GET, states=reader.TABS, usual=reader.ALL)
    page = reader.batches(form.tab, form.environment_name, request.GET)
    labels = (_("All deliveries"), _("Counted"), _("Sent again"), _("Refused"))
    context = {
        "policy": policy,
        "known": reader.known(policy, today),
        "batches": page.rows,
        "form": form,
        "state": form.tab,
        "narrowed": form.narrows,
        "tabs": tabs(request, form.tab, [(n, label, None) for n, label in zip(reader.TABS, labels, strict=True)]),
        "reset_url": here_with(request, environment="") if form.narrows else "",
        "may_accept": actor_for(request).holds(Role.SUPPORT),
        **neighbours(request, page),
    }
    return render(request, "accounts/staff/feeds.html", context)


@needs(Role.SUPPORT)
@require_http_methods(["GET", "HEAD", "POST"])
def gap(request: HttpRequest, pk: UUID, first: str, last: str) -> HttpResponse:
    """Accept days that nobody reported, with a reason."""
    environment = get_object_or_404(Environment, pk=pk)
    found = reader.gap_of(environment, _day(first), _day(last))
    if found is None:
        raise Http404(_("There is no gap: usage is known for all of these days."))
    days = _days(found)
    question = Question(
        environment,
        _("Accept the gap"),
        _("Nobody has reported usage of %(days)s. Once accepted, these days count as silent for everybody.")
        % {"days": days},
        reverse("feeds"),
        _("The gap is accepted."),
        facts=({"term": _("Environment"), "value": environment.name}, {"term": _("Days"), "value": days}),
    )
    actor, form = actor_for(request), GapForm(request.POST or None, subject=environment)
    return ask_keeping(
        request, question, form,
        lambda: accept_gap(
            environment, found.first, found.last, by=actor, reason=form.cleaned_data["comment"], now=timezone.now()
        ),
    )  # fmt: skip


@needs(Role.SUPPORT)
@require_http_methods(["GET", "HEAD", "POST"])
def account_use(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Write down a use that no feed reported, or correct the earlier entry."""
    found, actor = find_account(request, pk), actor_for(request)
    entry = next((row for row in reader.told_of(found) if row.feed.kind == FeedKind.MANUAL.value), None)
    form = UseForm(request.POST or None, subject=found, entered=entry.day if entry else None)
    facts = [{"term": _("Last used"), "day": found.last_used_on} if found.last_used_on else {
        "term": _("Last used"), "value": _("Unknown") if found.last_use_is_unknown else _("Never")}]  # fmt: skip
    if entry is not None:
        facts.append({"term": _("Earlier entry"), "day": entry.day, "sub": f"{entry.said_by}: {entry.reason}"})
    question = Question(
        found,
        _("Write down a use"),
        _("For a use that no feed reported. It counts like any other use, and the history says that it came from you."),
        reverse("staff_account", args=[found.pk]),
        _("The use is written down."),
        facts=tuple(facts),
    )

    def write() -> None:
        said = form.cleaned_data
        more = {"reason": said["comment"], "by": actor, "now": timezone.now()}
        if said.get("corrects"):
            correct_use(found, said["day"], **more)
        else:
            record_use(found, said["day"], **more)

    return ask_keeping(request, question, form, write)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Http404 from None


def _days(found: reader.Gap) -> str:
    first, last = date_format(found.first, "j M Y"), date_format(found.last, "j M Y")
    return first if first == last else f"{first} – {last}"
