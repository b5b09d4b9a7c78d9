"""What the templates of a mail know."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any, TypeVar

from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.delivery import words
from accounts.delivery.kinds import kind_of
from accounts.delivery.letter import Letter
from accounts.lifecycle.inactivity import answer_by
from accounts.lifecycle.policy import Policy
from accounts.lifecycle.states import OrderKind, OrderState
from accounts.models import Account, Notice, Order, Person
from accounts.people import notice_token
from accounts.words import say

T = TypeVar("T")

ACCOUNT_PAGES = frozenset({"account", "staff_account", "collect"})
FOR_ANYBODY = frozenset(
    {
        "landing", "my_orders", "my_accounts", "account_login", "deputies", "webhooks", "job_runs", "staff_secrets",
    }
)  # fmt: skip
TASK_LISTS = {
    "cegal_queue": "?state=tasks",
    "staff_tasks": "?state=all&late=1",
    "providers": "?state=failed",
}
"""The lists of work that a mail leads to, and what each shows."""

COLLECT_KINDS = frozenset(
    {"credentials_issued", "new_secret_ready", "rotation_ready", "collect_permission_given"}
)  # fmt: skip


def context_for(letter: Letter, *, now: datetime, policy: Policy) -> dict[str, Any]:
    """Everything that a template may use, words and days in the language that is active. Never a secret.

    Raises KeyError for a kind that is not in the catalogue, NoReverseMatch when its page is missing.
    """
    message, event = letter.message, letter.event
    kind = kind_of(message.kind, event)
    known: dict[str, Any] = {
        "message": message, "event": event, "subject": letter.order or letter.account, "notice": letter.notice,
        "recipient_name": message.to_name, "support": settings.SUPPORT_EMAIL, "why": words.why(letter),
        "rows": words.facts(letter), "preheader": words.preheader(letter),
        "actor": say(event.who), "comment": event.comment,
        "comments": words.comments(event.data), "changed": words.changed_fields(event.data),
        "happened_on": words.long_day(timezone.localdate(event.at)), "happened_at": words.moment(event.at),
        "button_url": settings.PORTAL_URL + _path(letter, kind.page), "button_label": _(kind.button),
    }  # fmt: skip
    if event.subject_type == Person.subject_type():
        known |= words.about_roles(event.data) | words.about_deputy(event.data)
    if message.kind == "webhook_disabled":
        known |= {"program": event.data.get("name", ""), "url": event.data.get("url", "")}
    known |= words.about_connector(event.data)
    if message.kind == "jobs_not_running":
        known |= {"late": words.about_late(event.data)}
    if letter.order is not None:
        known |= _about_order(letter, letter.order, policy)
    if letter.account is not None:
        known |= _about_account(letter.account) | words.about_days(event.data)
        known |= words.about_feed(event.data) | {"short_days": policy.reactivation_short_days}
        known["order_reference"] = event.data.get("order", "")
        known |= {"collector": event.data.get("to", ""), "by_reader": _done_by_reader(letter)}
        known |= {name: event.data.get(name, 0) for name in ("number", "days")} | words.about_handover(event.data)
    if letter.notice is not None and letter.account is not None:
        known |= _about_notice(letter.notice, timezone.localdate(now), policy)
    if message.kind in COLLECT_KINDS:
        known |= {"collect_by": words.long_day(letter.collect_by)}
    return known


def _done_by_reader(letter: Letter) -> bool:
    """Did whoever reads the mail do what it tells?"""
    return letter.message.person_id is not None and letter.message.person_id == letter.event.actor_id


def _path(letter: Letter, page: str) -> str:
    if page in FOR_ANYBODY:
        return reverse(page)
    if page == "cegal_queue" and letter.order is not None:
        return reverse("cegal_order", args=[letter.order.reference])
    if page in TASK_LISTS:
        return reverse(page) + TASK_LISTS[page]
    if page == "notice_answer":
        return reverse(page, args=[notice_token(_there(letter.notice).pk, letter.message.to_email)])
    if page == "cegal_task":
        return reverse(page, args=[_there(letter.task).pk])
    if page == "handover":
        return reverse(page, args=[letter.event.data["handover"]])
    if page in ACCOUNT_PAGES:
        return reverse(page, args=[_there(letter.account).pk])
    order = _there(letter.order)
    if page == "order" and letter.message.person_id != order.requester_id:
        return reverse("my_accounts")  # the owner whom an order names sees the accounts, not the order
    return reverse(page, args=[order.reference])


def _there(found: T | None) -> T:
    if found is None:
        raise LookupError("The order, account, notice or task that this mail is about is not there.")
    return found


def _about_order(letter: Letter, order: Order, policy: Policy) -> dict[str, Any]:
    stage = OrderState(letter.event.target)
    said = letter.event.data.get("answer_by")
    last_day = date.fromisoformat(said) if said else order.answer_by
    return {
        "order": order,
        "reference": order.reference,
        "organisation": order.organisation_name,
        "environments": ", ".join(environment.name for environment in order.environments.all()),
        "owner": order.owner_name or order.owner_email,
        "named": letter.event.data.get("to", ""),
        "is_owner": letter.message.to_email.lower() == order.owner_email.lower(),
        "reactivation": order.kind == OrderKind.REACTIVATION.value,
        "rotation": order.kind == OrderKind.SECRET_ROTATION.value,
        "answer_by": words.long_day(last_day),
        "stage": stage.value,
        "stage_since": words.long_day(timezone.localdate(order.state_since)),
        "stage_target": policy.stage_target(stage),
    }


def _about_account(account: Account) -> dict[str, Any]:
    return {
        "account": account,
        "client_id": account.client_id,
        "environment": account.environment.name,
        "organisation": account.organisation.name,
        "owner": str(account.owner),
    }


def _about_notice(notice: Notice, today: date, policy: Policy) -> dict[str, Any]:
    """A notice that is not delivered yet is delivered today: the stamp sets the same day."""
    last_day = notice.answer_by or answer_by(today, policy)
    return {
        "silent_since": words.long_day(notice.last_activity_on),
        "answer_by": words.long_day(last_day),
        "suspended_from": words.long_day(last_day + timedelta(days=1)),
    }
