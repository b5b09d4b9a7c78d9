"""Rows as the plain values that the schemas describe. A role that does not see something gets null."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from accounts import verbs
from accounts.api.why import why
from accounts.lifecycle.actor import Actor
from accounts.lifecycle.policy import Policy
from accounts.lifecycle.states import TaskKind
from accounts.models import Account, Order, Person, Task
from accounts.readers.explained import explained
from accounts.readers.programs import STAFF
from accounts.readers.waiting import waiting
from accounts.words import TASK_ADVICE, TASK_WORDS, say


def order_line(order: Order, policy: Policy, now: datetime) -> dict[str, Any]:
    """An order as a list shows it at ``now``."""
    return {
        "reference": order.reference,
        "version": order.version,
        "kind": order.kind,
        "state": order.state,
        "state_since": order.state_since,
        "organisation": order.organisation_name,
        "as_seller": order.as_seller,
        "as_broker": order.as_broker,
        "environments": [environment.name for environment in order.environments.all()],
        "answer_by": order.answer_by,
        "late": waiting(order, policy, now).tone == "bad",
    }


def order_detail(order: Order, by: Actor, policy: Policy, now: datetime) -> dict[str, Any]:
    """One order as ``by`` may see it at ``now``, with the verbs that are open to them."""
    staff = by.holds(*STAFF)
    return order_line(order, policy, now) | {
        "organisation_number": order.organisation_number,
        "purpose": order.purpose,
        "technical_contact": _contact(order.technical_name, order.technical_email),
        "system": order.system if staff else None,
        "requester": _person(order.requester) if staff else None,
        "owner": _contact(order.owner_name, order.owner_email) if staff else None,
        "assignee": _person(order.assignee) if staff and order.assignee else None,
        "created_at": order.created_at,
        "submitted_at": order.submitted_at,
        "sent_to_cegal_at": order.sent_to_cegal_at,
        "concerns": order.concerns_id,
        "accounts": [_account(one) for one in order.accounts.all()],
        "verbs": [row.verb for row in verbs.open_to(order, by)],
    }


def account_line(account: Account) -> dict[str, Any]:
    """An account as a list shows it."""
    return {
        "id": account.pk,
        "version": account.version,
        "client_id": account.client_id,
        "environment": account.environment.name,
        "state": account.state,
        "state_since": account.state_since,
        "organisation": account.organisation.name,
        "organisation_number": account.organisation.number,
        "last_activity_on": account.last_activity_on,
        "last_used_on": account.last_used_on,
        "last_use_is_unknown": account.last_use_is_unknown,
    }


def account_detail(account: Account, by: Actor, policy: Policy, today: date) -> dict[str, Any]:
    """One account as ``by`` may see it on ``today``, with the verbs that are open to them and why it is let alone."""
    staff = by.holds(*STAFF)
    return account_line(account) | {
        "as_seller": account.as_seller,
        "as_broker": account.as_broker,
        "technical_contact": _contact(account.technical_name, account.technical_email),
        "loop_reference": account.loop_reference,
        "order": account.order.reference if account.order else None,
        "owner": _person(account.owner) if staff else None,
        "system": account.system if staff else None,
        "purpose": account.purpose if staff else None,
        "activated_on": account.activated_on,
        "kept_on": account.kept_on,
        "reactivated_on": account.reactivated_on,
        "verbs": [row.verb for row in verbs.open_to(account, by)],
        "why": why(explained(account, policy, today), by),
    }


def task_line(task: Task) -> dict[str, Any]:
    """An open task, with what to do about it in the language that is active now."""
    kind = TaskKind(task.kind)
    return {
        "id": task.pk,
        "kind": kind,
        "opened_at": task.opened_at,
        "told": say(TASK_WORDS[kind]),
        "advice": say(TASK_ADVICE[kind]),
        "account": _account(task.account),
        "organisation": task.account.organisation.name,
        "key_id": (task.credential.key_id or None) if task.credential else None,
    }


def _account(account: Account) -> dict[str, Any]:
    return {
        "id": account.pk,
        "client_id": account.client_id,
        "environment": account.environment.name,
        "state": account.state,
    }


def _person(person: Person) -> dict[str, str]:
    return _contact(person.name, person.email)


def _contact(name: str, email: str) -> dict[str, str]:
    return {"name": name, "email": email}
