"""All API accounts, and one of them as staff see it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import verbs
from accounts.actions import credentials as acting
from accounts.actions import handovers, rotation
from accounts.actions import new_secret as asking_cegal
from accounts.forms.filters import EnvironmentFilter
from accounts.forms.order import FIELD_LABELS
from accounts.forms.verbs import CommentForm
from accounts.lifecycle.actor import Actor
from accounts.lifecycle.errors import NotReady
from accounts.lifecycle.states import AccountState, Role, TaskKind
from accounts.models import Account, Credential, Task, current_policy, effective_at, unreachable_among
from accounts.readers import account_page, credentials, feeds, providers
from accounts.readers import staff_accounts as reader
from accounts.readers.answers import open_handover
from accounts.readers.mistakes import mistake_of
from accounts.readers.rotation import rotation_of
from accounts.readers.timeline import timeline
from accounts.web.asking import Question, ask
from accounts.web.door import actor_for, find_account, needs
from accounts.web.listing import events_before, here_with, neighbours, tabs
from accounts.web.refusals import not_allowed_is_403
from accounts.web.why import why
from accounts.words import say

TABS = (*(state.value for state in reader.STATES), reader.ALL)
LIVING = (AccountState.ACTIVE.value, AccountState.NOTIFIED.value, AccountState.SUSPENDED.value)
STAFF = (Role.SUPPORT, Role.SERVICE_RESPONSIBLE, Role.ADMINISTRATOR)


@needs(*STAFF)
@require_safe
def accounts(request: HttpRequest) -> HttpResponse:
    """API accounts by state; state, environment and search stand in the address."""
    form = _filter(request)
    page = reader.accounts(actor_for(request), _search(form), request.GET)
    counts = reader.counts()
    found = [(state.value, "", counts.get(state)) for state in reader.STATES]
    context = {
        "cards": account_page.cards(page.rows, current_policy(), timezone.localdate()),
        "form": form,
        "state": form.tab,
        "narrowed": form.narrows,
        "tabs": tabs(request, form.tab, [*found, (reader.ALL, _("All accounts"), None)]),
        "reset_url": here_with(request, q="", environment="") if form.narrows else "",
        "all_url": here_with(request, state=reader.ALL),
        **neighbours(request, page),
    }
    return render(request, "accounts/staff/accounts.html", context)


def search_of(request: HttpRequest) -> reader.Search:
    """What the list's address looks for."""
    return _search(_filter(request))


def _filter(request: HttpRequest) -> EnvironmentFilter:
    return EnvironmentFilter(request.GET, states=TABS, usual=AccountState.ACTIVE.value)


def _search(form: EnvironmentFilter) -> reader.Search:
    return reader.Search(form.tab, form.environment_name, form.text)


@needs(*STAFF)
@require_safe
def account(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One account: what is known, why it is or is not called inactive, what is owed, and what may be done."""
    found, actor, now = find_account(request, pk), actor_for(request), timezone.now()
    policy, today = current_policy(), timezone.localdate(now)
    (state,), tasks = credentials.states_of([found], now), reader.tasks_of(found)
    told, under_way = feeds.told_of(found), rotation_of(found, policy, today)
    context = {
        "account": found,
        "told": told,
        "by_import": found.last_used_on is not None and feeds.who_said(found, told) is None,
        "card": account_page.card(found, policy, today),
        "facts": _facts(found),
        "unreachable": list(unreachable_among({found.owner.email, found.technical_email}).values()),
        "handover": open_handover(found),
        "may_hand_over": handovers.may_hand_over(found, actor),
        **why(found, policy, today, for_staff=True),
        "notices": reader.notices_of(found),
        "tasks": tasks,
        "mistake": mistake_of(found, policy),
        "today": today,
        "effective_at": effective_at([found.pk]).get(found.pk),
        "state": state,
        "connector_rows": providers.of_account(found),
        "rotation": under_way,
        "rotation_url": reverse("staff_order", args=[under_way.order.reference]) if under_way.order else "",
        "may_verify": actor.holds(Role.SUPPORT),
        "may_confirm": actor.holds(Role.SUPPORT),
        "buttons": _buttons(found, actor, _may_get_secret(found, state, tasks)),
        "timeline": timeline(found, reader=None, labels=FIELD_LABELS, before=events_before(request), for_staff=True),
    }
    return render(request, "accounts/staff/account.html", context)


@needs(Role.SUPPORT, Role.CEGAL)
@require_POST
def verify(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Have the token URL asked about this credential, and go back to the page that shows how it goes."""
    actor = actor_for(request)
    seen = Account.objects.visible_to(actor)
    held = Credential.objects.select_related("account__order", "account__environment")
    found = get_object_or_404(held, pk=pk, account__in=seen)
    with not_allowed_is_403():
        try:
            acting.ask_to_verify(found, by=actor, now=timezone.now())
        except NotReady as refusal:
            messages.warning(request, say(refusal.sentence))
    return HttpResponseRedirect(_home_of(found.account, actor))


@needs(Role.SUPPORT)
@require_http_methods(["GET", "HEAD", "POST"])
def new_secret(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Ask Cegal for a new secret, after asking whether that is meant."""
    found, actor = find_account(request, pk), actor_for(request)
    question = Question(
        found,
        _("Ask Cegal for a new secret"),
        " ".join(_new_secret_words(found)),
        reverse("staff_account", args=[found.pk]),
        _("Cegal is asked for a new secret."),
    )
    return ask(
        request,
        question,
        CommentForm,
        lambda comment: asking_cegal.ask_for_new_secret(found, by=actor, now=timezone.now(), comment=comment),
    )


def _home_of(held: Account, actor: Actor) -> str:
    """The page on which this person works with the account: its order until it is issued."""
    if not actor.holds(Role.SUPPORT):
        return _at_cegal(held)
    if held.state == AccountState.PENDING.value and held.order is not None:
        return reverse("staff_order", args=[held.order.reference])
    return reverse("staff_account", args=[held.pk])


def _at_cegal(held: Account) -> str:
    if held.order is not None:
        return reverse("cegal_order", args=[held.order.reference])
    asked = held.tasks.filter(kind=TaskKind.NEW_SECRET.value).order_by("-opened_at").first()
    return reverse("cegal_task", args=[asked.pk]) if asked else reverse("cegal_queue")


def _facts(found: Account) -> list[dict[str, Any]]:
    order = found.order
    return [
        {"term": _("Organisation"), "lines": [found.organisation.name, found.organisation.number]},
        {"term": _("Role in Loop"), "value": found.role_words},
        {"term": _("Owner"), "value": found.owner.name or found.owner.email, "email": found.owner.email},
        {"term": _("Technical contact"), **_technical(found)},
        {"term": _("System"), "value": found.system or "–"},
        {"term": _("Purpose"), "text": found.purpose},
        {"term": _("Reference in Loop"), "value": found.loop_reference or "–"},
        _ordered(order.reference) if order else {"term": _("Order"), "value": _("Imported, without an order here")},
    ]


def _technical(found: Account) -> dict[str, Any]:
    name = found.technical_name or ("" if found.technical_email else "–")
    return {"email": found.technical_email, **({"value": name} if name else {})}


def _ordered(reference: str) -> dict[str, Any]:
    return {"term": _("Order"), "value": reference, "url": reverse("staff_order", args=[reference])}


def _buttons(found: Account, actor: Actor, may_get_secret: bool) -> list[dict[str, Any]]:
    """The verbs open to this person, each leading to its confirm page; and the request for a new secret."""
    rows = verbs.open_to(found, actor)
    buttons = [
        {
            "url": reverse("account_verb", args=[found.pk, row.verb]),
            "label": _("Keep on the owner’s behalf") if row.verb == "keep" else say(row.label),
            "danger": verbs.verb_of(found, row.verb).danger,
        }
        for row in rows
    ]
    if handovers.may_hand_over(found, actor) and open_handover(found) is None:
        buttons.append(
            {"url": reverse("account_hand_over", args=[found.pk]), "label": _("Hand it over"), "danger": False}
        )
    if actor.holds(Role.SUPPORT) and may_get_secret:
        url = reverse("account_new_secret", args=[found.pk])
        buttons.insert(0, {"url": url, "label": _("Ask Cegal for a new secret"), "danger": False})
    if actor.holds(Role.SUPPORT) and _may_rotate(found):
        url = reverse("account_rotate", args=[found.pk])
        buttons.insert(0, {"url": url, "label": _("Replace the secret"), "danger": False})
    if actor.holds(Role.SUPPORT) and found.state in LIVING:
        url = reverse("account_use", args=[found.pk])
        buttons.append({"url": url, "label": _("Write down a use"), "danger": False})
    return buttons


def _new_secret_words(found: Account) -> list[str]:
    """What becomes of asking; and where a second secret can be asked for instead, when to do which."""
    words = [_("Cegal makes a new secret and enters it here. No approval is needed.")]
    if _may_rotate(found):
        words.append(
            _("Do this when no system uses a secret of this account yet, or its last one was never collected.")
        )
        words.append(_("Does a system use it? Choose “Replace the secret” instead: it tells when the old one goes."))
    return words


def _may_rotate(found: Account) -> bool:
    """Can a second secret be asked for now?"""
    try:
        rotation.check_may_begin(found)
    except NotReady:
        return False
    return True


def _may_get_secret(found: Account, state: credentials.CredentialState, tasks: list[Task]) -> bool:
    """Is its last secret gone, or before the issue wrong, and Cegal not asked yet?"""
    asked = any(task.kind == TaskKind.NEW_SECRET.value and not task.done_at for task in tasks)
    usable = state.is_stored and not state.is_wrong
    return found.state != AccountState.CLOSED.value and not usable and not asked
