"""What `make screens` takes pictures of: each page by its role and URL name, with a row of the sample data.

A page whose row the sample data does not have is left out, and said.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from django.urls import reverse
from django.utils import timezone

from accounts import people
from accounts.actions import bounces, deputies, handovers, holds, rotation, tokens, uploads, webhooks
from accounts.gateways.reports import Report
from accounts.lifecycle.actor import Actor
from accounts.management.samples.cast import EVEN, HENRIK, INGRID, JONAS, MARTE, RAGNHILD, SILJE, SKAGERRAK
from accounts.models import (
    Account,
    ApiToken,
    Deputy,
    Environment,
    Handover,
    Message,
    Notice,
    Order,
    Person,
    ReturnReason,
    SuspensionList,
    Task,
    Upload,
    WebhookEndpoint,
)
from accounts.models.bounce import UnreachableAddress
from accounts.models.token import Scope
from accounts.models.upload import UploadKind
from accounts.people import notice_token

PEOPLE = {
    "nobody": "",
    "requester": INGRID.email,
    "broker": EVEN.email,
    "support": MARTE.email,
    "responsible": HENRIK.email,
    "cegal": SILJE.email,
    "administrator": RAGNHILD.email,
}
FILE = "client_id,environment\nno-such-account,MOON\n"
Row = Callable[[], Any]


@dataclass(frozen=True)
class Shot:
    """One page to take: a name for the file, who is signed in ("" for nobody), where, and whether in every look."""

    name: str
    email: str
    path: str
    often: bool = False


def _none() -> list[Any]:
    return []


def _order(state: str, attribute: str = "reference") -> Row:
    return lambda: [getattr(_latest(state), attribute)]


def _own(state: str, *more: str) -> Row:
    return lambda: [_latest(state).reference, *more]


def _latest(state: str) -> Order:
    return Order.objects.filter(state=state).exclude(kind="secret_rotation").latest("state_since")


def _rotation(attribute: str) -> Row:
    return lambda: [getattr(Order.objects.filter(kind="secret_rotation")[0], attribute)]


def _account(state: str, *more: str) -> Row:
    return lambda: [Account.objects.filter(state=state).order_by("-last_used_on")[0].pk, *more]


def _mine(state: str, *more: str) -> Row:
    return lambda: [Account.objects.filter(state=state).order_by("-last_used_on")[0].pk, *more]


def _first(rows: Any) -> Row:
    return lambda: [rows.objects.all()[0].pk]


def _notice() -> list[str]:
    notice = Notice.objects.filter(outcome="open", delivered_on__isnull=False).select_related("account__owner")[0]
    return [notice_token(notice.pk, notice.account.owner.email)]


def _collect() -> list[Any]:
    waiting = Account.objects.filter(credentials__collect_by__isnull=False, credentials__destroyed_at__isnull=True)
    return [waiting.order_by("client_id")[0].pk]


def _task(kind: str) -> Row:
    return lambda: [Task.objects.filter(kind=kind, done_at__isnull=True)[0].pk]


def _handover() -> list[Any]:
    return [Handover.objects.get().pk]


def _person() -> list[Any]:
    return [Person.objects.get(email=MARTE.email).pk]


TABLE: list[tuple[str, str, str, Row, str]] = [
    # role, name of the picture, URL name, its arguments, "often" or a query
    ("nobody", "landing", "landing", _none, "often"),
    ("nobody", "sign-in", "account_login", _none, ""),
    ("nobody", "accessibility", "accessibility", _none, ""),
    ("nobody", "privacy", "privacy", _none, ""),
    ("nobody", "mailbox", "mailbox", _none, ""),
    ("nobody", "answer", "notice_answer", _notice, "often"),
    ("nobody", "answer-void", "notice_answer", lambda: ["void"], ""),
    ("requester", "my-orders", "my_orders", _none, "often"),
    ("requester", "order-form", "order_new", _none, "often"),
    ("requester", "order-returned-form", "order_edit", _own("returned"), "often"),
    ("requester", "order-draft-check", "order_check", _own("draft"), ""),
    ("requester", "order-returned-check", "order_check", _own("returned"), ""),
    ("requester", "order-sent", "order_sent", _own("support"), ""),
    ("requester", "order-draft", "order", _own("draft"), ""),
    ("requester", "order-with-support", "order", _own("support"), ""),
    ("requester", "order-returned", "order", _own("returned"), "often"),
    ("requester", "order-at-cegal", "order", _own("cegal_setup"), ""),
    ("requester", "order-issued", "order", _own("issued"), ""),
    ("requester", "order-withdraw", "order_verb", _own("support", "withdraw"), ""),
    ("requester", "my-accounts", "my_accounts", _none, "often"),
    ("requester", "account-active", "account", _mine("active"), "often"),
    ("requester", "account-notified", "account", _mine("notified"), ""),
    ("requester", "account-suspended", "account", _mine("suspended"), ""),
    ("requester", "account-close", "account_verb", _mine("active", "close"), ""),
    ("requester", "account-rotate", "account_rotate", _mine("active"), ""),
    ("requester", "account-rotating", "account", _rotation("concerns_id"), ""),
    ("requester", "account-hand-over", "account_hand_over", _mine("active"), ""),
    ("requester", "answer-all", "answer_all", _none, ""),
    ("requester", "collect", "collect", _collect, "often"),
    ("requester", "getting-started", "account_start", _mine("active"), "often"),
    ("requester", "second-factor", "mfa_index", _none, ""),
    ("requester", "second-factor-app", "mfa_activate_totp", _none, ""),
    ("requester", "second-factor-passkey", "mfa_add_webauthn", _none, ""),
    ("requester", "sessions", "usersessions_list", _none, ""),
    ("requester", "no-access", "worklist", _none, ""),
    ("handover", "handover", "handover", _handover, ""),
    ("broker", "getting-started-none", "getting_started", _none, ""),
    ("support", "worklist", "worklist", _none, "often"),
    ("support", "worklist-all", "worklist", _none, "?state=all"),
    ("support", "worklist-none", "worklist", _none, "?q=nothing-like-it"),
    ("support", "staff-order", "staff_order", _order("support"), "often"),
    ("support", "staff-order-approved", "staff_order", _order("approved"), ""),
    ("support", "staff-order-verify", "staff_order", _order("credential_issue"), "often"),
    ("support", "staff-order-issued", "staff_order", _order("issued"), ""),
    ("support", "staff-order-hand-over", "order_hand_over", _order("support"), ""),
    ("support", "staff-order-requester", "staff_order_requester", _order("support"), ""),
    ("support", "staff-order-owner", "staff_order_owner", _order("support"), ""),
    ("support", "staff-accounts", "staff_accounts", _none, "often"),
    ("support", "staff-account", "staff_account", _account("active"), "often"),
    ("support", "staff-account-notified", "staff_account", _account("notified"), ""),
    ("support", "staff-account-suspended", "staff_account", _account("suspended"), ""),
    ("support", "staff-account-suspend", "account_verb", _account("active", "suspend"), ""),
    ("support", "staff-account-hold", "account_verb", _account("active", "hold"), ""),
    ("support", "staff-account-use", "account_use", _account("active"), ""),
    ("support", "staff-secrets", "staff_secrets", _none, "?state=all"),
    ("support", "staff-account-new-secret", "account_new_secret", _account("active"), ""),
    ("support", "inactivity", "inactivity", _none, "often"),
    ("support", "suspension-list", "suspension_list", _first(SuspensionList), ""),
    ("support", "inactivity-ahead", "inactivity_ahead", _none, "often"),
    ("support", "inactivity-check", "inactivity_check", _none, ""),
    ("support", "feeds", "feeds", _none, ""),
    ("support", "providers", "providers", _none, ""),
    ("support", "holds", "holds", _none, ""),
    ("support", "tasks", "staff_tasks", _none, ""),
    ("support", "task", "staff_task", _task("find_contact"), ""),
    ("support", "messages", "messages", _none, ""),
    ("support", "message", "message", _first(Message), ""),
    ("support", "address", "address_works", _first(UnreachableAddress), ""),
    ("support", "mails", "mails", _none, ""),
    ("support", "mail", "mail_sample", lambda: ["order_returned", "nb"], ""),
    ("support", "imports", "imports", _none, ""),
    ("support", "import-accounts", "import_new", lambda: ["accounts"], ""),
    ("support", "import-usage", "import_new", lambda: ["usage"], ""),
    ("support", "import", "import", _first(Upload), ""),
    ("support", "job-runs", "job_runs", _none, ""),
    ("support", "components", "style", _none, ""),
    ("responsible", "approvals", "approvals", _none, ""),
    ("responsible", "approval", "approval", _order("approval"), "often"),
    ("responsible", "deputies", "deputies", _none, ""),
    ("responsible", "deputy", "deputy", _first(Deputy), ""),
    ("responsible", "deputy-end", "deputy_end", _first(Deputy), ""),
    ("responsible", "reports", "reports", _none, "often"),
    ("cegal", "cegal", "cegal_queue", _none, "often"),
    ("cegal", "cegal-tasks", "cegal_queue", _none, "?state=tasks"),
    ("cegal", "cegal-done", "cegal_queue", _none, "?state=done"),
    ("cegal", "cegal-order", "cegal_order", _order("cegal_setup"), "often"),
    ("cegal", "cegal-hand-back", "order_verb", lambda: [*_order("cegal_setup")(), "hand_back"], ""),
    ("cegal", "cegal-rotation", "cegal_order", _rotation("reference"), ""),
    ("cegal", "cegal-task", "cegal_task", _task("disable_client"), ""),
    ("administrator", "people", "people", _none, ""),
    ("administrator", "person", "person", _person, ""),
    ("administrator", "person-invite", "person_invite", _none, ""),
    ("administrator", "person-roles", "person_roles", _person, ""),
    ("administrator", "person-second-factor", "person_second_factor", _person, ""),
    ("administrator", "person-deactivate", "person_deactivate", _person, ""),
    ("administrator", "environments", "environments", _none, ""),
    ("administrator", "environment", "environment", _first(Environment), ""),
    ("administrator", "environment-provider", "environment_provider", _first(Environment), ""),
    ("administrator", "environment-add", "environment_add", _none, ""),
    ("administrator", "environment-retire", "environment_retire", _first(Environment), ""),
    ("administrator", "policy", "policy", _none, ""),
    ("administrator", "return-reasons", "return_reasons", _none, ""),
    ("administrator", "return-reason", "return_reason", _first(ReturnReason), ""),
    ("administrator", "return-reason-add", "return_reason_add", _none, ""),
    ("administrator", "tokens", "tokens", _none, ""),
    ("administrator", "token-revoke", "token_revoke", _first(ApiToken), ""),
    ("administrator", "token-new", "token_new", _none, ""),
    ("administrator", "webhooks", "webhooks", _none, ""),
    ("administrator", "webhook-new", "webhook_new", _none, ""),
    ("administrator", "webhook", "webhook", _first(WebhookEndpoint), ""),
    ("administrator", "webhook-switch", "webhook_switch", lambda: [*_first(WebhookEndpoint)(), "off"], ""),
    ("administrator", "audit", "audit", _none, "often"),
]


def pages() -> Iterator[Shot]:
    """Every page that there is a row for; the others are named on the standard error."""
    for role, name, url_name, given, more in TABLE:
        try:
            arguments = given()
        except (IndexError, ObjectDoesNotExist):
            print(f"{name}: the sample data has nothing to show", file=sys.stderr)
            continue
        path = reverse(url_name, args=arguments) + (more if more.startswith("?") else "")
        yield Shot(name, _whose(role, arguments), path, more == "often")


def prepare() -> None:
    """What happens between people, and is not in the sample data: a deputy, a handover, a file, a hold, a bounce."""
    now, today = timezone.now(), timezone.localdate()
    henrik, marte, ragnhild = (_actor(member.email) for member in (HENRIK, MARTE, RAGNHILD))
    principal, colleague = Person.objects.get(email=HENRIK.email), Person.objects.get(email=JONAS.email)
    week = {"starts_on": today, "ends_on": today + timedelta(days=7)}
    deputies.name_deputy(principal, colleague, **week, by=henrik, now=now)
    tokens.make("Gateway of Loop", scopes=[Scope.USAGE_WRITE], days=180, by=ragnhild, now=now)
    webhooks.make("Loop", "https://loop.example/hook", verbs=["approve", "issue_credentials"], by=ragnhild, now=now)
    uploads.hand_in([FILE.encode()], kind=UploadKind.ACCOUNTS, file_name="accounts.csv", by=marte, now=now)
    active = Account.objects.filter(state="active").order_by("client_id")
    until = today + timedelta(days=30)
    holds.set_hold(active[0], until=until, by=marte, now=now, comment="The project starts in spring.")
    rotation.ask(active[1], by=marte, now=now, comment="The owner asked for it by phone.")
    own = active.filter(organisation__name=SKAGERRAK.name)[0]
    handovers.hand_over(
        own, email=f"line.berg@{EVEN.email.partition('@')[2]}", name="Line Berg", by=_actor(own.owner.email), now=now,
        comment="She runs it from now on.",
    )  # fmt: skip
    asked = Message.objects.filter(kind="inactivity_notice", notice__outcome="open", person=None).latest("due_at")
    bounces.take_in(Report(asked.pk, frozenset({asked.to_email}), "5.1.1", "No such user here"), now=now)


def _actor(email: str) -> Actor:
    return people.actor_of(Person.objects.get(email=email), today=timezone.localdate())


def _whose(role: str, arguments: list[Any]) -> str:
    """The address of whoever opens the page: in the requester's pages whoever the row belongs to."""
    if role == "handover":
        return str(Handover.objects.get().to_email)
    if role != "requester" or not arguments:
        return PEOPLE[role]
    order = Order.objects.filter(reference=arguments[0]).select_related("requester").first()
    return order.requester.email if order else Account.objects.get(pk=arguments[0]).owner.email
