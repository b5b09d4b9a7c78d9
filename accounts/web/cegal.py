"""Cegal's pages: what to set up, the form for client ids and secrets, tasks to confirm."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from accounts import verbs
from accounts.actions import new_secret as asking_cegal
from accounts.actions import provider
from accounts.forms.filters import EnvironmentFilter
from accounts.forms.verbs import CommentForm, NewSecretForm, VerbForm
from accounts.lifecycle.actor import Actor
from accounts.lifecycle.errors import LostRace, NotReady
from accounts.lifecycle.states import OrderState, Role, TaskKind
from accounts.models import Credential, Order, Task, current_policy
from accounts.readers import cegal as reader
from accounts.readers import credentials, providers, staff_order
from accounts.readers.rotation import removal_of, secrets_in_place
from accounts.readers.waiting import waiting
from accounts.web import order_facts
from accounts.web.asking import Question, ask
from accounts.web.door import actor_for, needs, seen_version
from accounts.web.listing import here_with, neighbours, tabs
from accounts.web.refusals import not_allowed_is_403
from accounts.words import say


@needs(Role.CEGAL)
@require_safe
def queue(request: HttpRequest) -> HttpResponse:
    """Orders to set up, open tasks, and what is done; the tab stands in the address."""
    actor, counts = actor_for(request), reader.counts(actor_for(request))
    usual = reader.TASKS if counts[reader.TASKS] and not counts[reader.SETUP] else reader.SETUP
    form = EnvironmentFilter(request.GET, states=(reader.SETUP, reader.TASKS, reader.DONE), usual=usual)
    form.fields["q"].widget.attrs["placeholder"] = _("Reference, client ID or organisation")
    found = [
        (reader.SETUP, _("To set up"), counts[reader.SETUP]),
        (reader.TASKS, _("Tasks"), counts[reader.TASKS]),
        (reader.DONE, _("Sent back to Support"), None),
    ]
    context = {
        "tab": form.tab,
        "tabs": tabs(request, form.tab, found),
        "form": form,
        "narrowed": form.narrows,
        "reset_url": here_with(request, q="", environment="") if form.narrows else "",
        "setup_url": here_with(request, state=reader.SETUP),
        **_listed(request, actor, form),
    }
    return render(request, "accounts/cegal/queue.html", context)


@needs(Role.CEGAL)
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def order(request: HttpRequest, reference: str) -> HttpResponse:
    """One order that was sent to Cegal. POST completes its setup; a secret is never echoed."""
    actor = actor_for(request)
    orders = reader.sent(actor).select_related("requester", "concerns__environment")
    found = get_object_or_404(orders, reference=reference)
    if request.method == "POST":
        return _complete(request, found, actor)
    form = verbs.form_of(found, "complete_setup", by=actor) if found.state == OrderState.CEGAL_SETUP.value else None
    return _order_page(request, found, form)


@needs(Role.CEGAL)
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def task(request: HttpRequest, pk: UUID) -> HttpResponse:
    """One of the provider's tasks: confirm that the client is disabled or enabled, or enter the new secret."""
    tasks = reader.tasks().select_related("account__environment", "account__organisation")
    found = get_object_or_404(tasks, pk=pk)
    if found.done_at:
        return _task_done(request, found)
    return _new_secret(request, found) if found.kind == TaskKind.NEW_SECRET.value else _confirm(request, found)


def _listed(request: HttpRequest, actor: Actor, form: EnvironmentFilter) -> dict[str, Any]:
    """The rows of a tab that are looked for, and its neighbours."""
    search = reader.Search(form.text, form.environment_name)
    if form.tab == reader.TASKS:
        page = reader.open_tasks(request.GET, search)
        return {"tasks": page.rows, **neighbours(request, page)}
    done, policy, now = form.tab == reader.DONE, current_policy(), timezone.now()
    rows, shown = reader.orders(actor, request.GET, policy, now, search=search, done=done)
    return {"rows": rows, **neighbours(request, shown)}


def _complete(request: HttpRequest, found: Order, actor: Actor) -> HttpResponse:
    seen = seen_version(request)
    with not_allowed_is_403():
        try:
            verbs.perform(found, "complete_setup", by=actor, now=timezone.now(), data=request.POST, seen=seen)
        except verbs.InvalidInput as invalid:
            return _order_page(request, found, invalid.form, status=422)
        except (NotReady, LostRace) as refusal:
            return _refused(request, found, actor, refusal)
    messages.success(request, say(verbs.verb_of(found, "complete_setup").said))
    return HttpResponseRedirect(reverse("cegal_order", args=[found.reference]))


def _refused(request: HttpRequest, found: Order, actor: Actor, refusal: NotReady | LostRace) -> HttpResponse:
    """Say why not. What was typed stays, except for the secrets, as long as the order still waits for its setup."""
    found.refresh_from_db()
    if found.state != OrderState.CEGAL_SETUP.value:
        return _order_page(request, found, None, status=409, refused=say(refusal.sentence))
    form = verbs.form_of(found, "complete_setup", by=actor, data=request.POST)
    return _order_page(request, found, form, status=409, refused=say(refusal.sentence))


def _order_page(
    request: HttpRequest, found: Order, form: VerbForm | None, *, status: int = 200, refused: str = ""
) -> HttpResponse:
    events, now = staff_order.last_of(found, "approve", "send_to_cegal", "hand_back"), timezone.now()
    context = {
        "order": found,
        "form": form,
        "refused": refused,
        "facts": order_facts.cegal_rows(found),
        "approved": events.get("approve"),
        "sent": events.get("send_to_cegal"),
        "kept": secrets_in_place(found),
        "typed": _typed(request, found) if refused and form is None else [],
        "handed_back": events.get("hand_back") if found.state == OrderState.APPROVED.value else None,
        "waiting": waiting(found, current_policy(), now),
        "connector_rows": providers.of_order(found) if found.state == OrderState.CEGAL_SETUP.value else [],
        "credentials": credentials.states_of(credentials.accounts_of(found), now),
    }
    response = render(request, "accounts/cegal/order.html", context, status=status)
    add_never_cache_headers(response)
    return response


def _typed(request: HttpRequest, found: Order) -> list[dict[str, Any]]:
    """The client ids and the comment that came too late, so that nothing but the secrets is lost."""
    said = [(e, request.POST.get(f"client_id__{e.name}", "").strip()) for e in found.environments.all()]
    rows: list[dict[str, Any]] = [
        {"term": _("Client ID in %(environment)s") % {"environment": e.name}, "value": client_id, "mono": True}
        for e, client_id in said
        if client_id
    ]
    comment = request.POST.get("comment", "").strip()
    return [*rows, {"term": _("Comment"), "text": comment}] if comment else rows


def _new_secret(request: HttpRequest, found: Task) -> HttpResponse:
    actor = actor_for(request)
    question = _question(
        found,
        _("Enter the new client secret"),
        _("The secret is encrypted and nobody can read it back here. The portal verifies it."),
        _("The new secret is stored. The portal verifies it."),
    )

    def enter(**said: Any) -> None:
        asking_cegal.enter_new_secret(found.account, by=actor, now=timezone.now(), **said)

    answer = ask(request, question, NewSecretForm, enter)
    found.refresh_from_db(fields=["done_at"])
    return HttpResponseRedirect(reverse("cegal_task", args=[found.pk])) if found.done_at else answer


def _task_done(request: HttpRequest, found: Task) -> HttpResponse:
    """Who did it; for a new secret also whether it works, as far as the portal has come with asking."""
    entered = found.kind == TaskKind.NEW_SECRET.value
    state = credentials.states_of([found.account], timezone.now())[0] if entered else None
    return render(request, "accounts/cegal/task_done.html", {"task": found, "state": state})


def _confirm(request: HttpRequest, found: Task) -> HttpResponse:
    actor = actor_for(request)
    if found.kind == TaskKind.REMOVE_SECRET.value:
        return _remove_secret(request, found)
    enable = found.kind == TaskKind.ENABLE_CLIENT.value
    question = _question(
        found,
        _("Confirm that the client is enabled") if enable else _("Confirm that the client is disabled"),
        _("Confirm it once it is done: the client can ask for tokens again.")
        if enable
        else _("Confirm it once it is done: the client cannot ask for tokens any more. Support sees who confirmed it."),
        _("Confirmed."),
    )
    return ask(
        request,
        question,
        CommentForm,
        lambda comment: provider.confirm(found, by=actor, now=timezone.now(), comment=comment),
    )


def _remove_secret(request: HttpRequest, found: Task) -> HttpResponse:
    """Confirm that the old secret is removed: the page says which one goes, and which one stays."""
    actor = actor_for(request)
    question = _question(
        found,
        _("Confirm that the old secret is removed"),
        _("Remove the old secret and leave the new one, which is in use. Confirm it once it is done."),
        _("Confirmed."),
    )
    gone, stays = removal_of(found)
    old = {"term": _("Secret to remove"), "value": _secret(gone) if gone else _("Every secret but the new one")}
    new = [{"term": _("Secret to leave"), "value": _secret(one)} for one in stays]
    question = replace(question, facts=(*question.facts, old, *new))
    return ask(
        request,
        question,
        CommentForm,
        lambda comment: provider.confirm(found, by=actor, now=timezone.now(), comment=comment),
    )


def _secret(one: Credential) -> str:
    """A secret by what tells it from another one: its ending, its key id, its last day."""
    return render_to_string("accounts/cegal/_secret.html", {"credential": one})


def _question(found: Task, label: str, explains: str, said: str) -> Question:
    account = found.account
    facts: tuple[dict[str, Any], ...] = (
        {"term": _("Organisation"), "value": account.organisation.name, "sub": account.organisation.number},
        {"term": "Client ID", "value": account.client_id, "mono": True},
        {"term": _("Environment"), "envs": [account.environment]},
        {"term": _("Asked for"), "at": found.opened_at},
        *_by_connector(found),
    )
    back = f"{reverse('cegal_queue')}?state={reader.TASKS}"
    return Question(account, label, explains, back, said, facts=facts)


def _by_connector(found: Task) -> list[dict[str, Any]]:
    """What a connector does about the task meanwhile: whoever is first has done it."""
    row = providers.of_task(found)
    if row is None:
        return []
    return [{"term": row.provider, "value": row.state_words, "sub": row.said}]
