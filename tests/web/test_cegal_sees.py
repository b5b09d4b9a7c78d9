"""What Cegal sees: what was sent there, and nothing else, whichever address of the portal is asked for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from accounts.actions import conversation
from accounts.lifecycle.states import TaskKind
from accounts.models import Account, Credential, Event, Message, Order, Task
from tests.actions.tools import contents
from tests.story import Story
from tests.web.staff_pages import browser, read

OWN = frozenset({"cegal_queue", "cegal_order", "cegal_task"})
EVERYBODYS = frozenset({
    "landing", "about", "accessibility", "privacy", "set_theme", "set_language", "my_orders", "order_new",
    "order_new_autosave", "order_purpose_check", "my_accounts",
    "answer_all", "style", "ping", "live", "ready", "health_live",
    "health_ready", "metrics", "openapi", "js_translations",
})  # fmt: skip
"""Pages that say nothing about anybody: texts, and the person's own empty lists."""
OUTSIDE = ("account_", "mfa_", "mailbox", "mail")
"""Signing in; and the kept mails, which exist only where the portal runs for one person to try it out."""


def routes() -> Iterator[tuple[str, str, set[str]]]:
    """Every address of the portal: its name, its pattern, the kinds of parameters in it."""

    def walk(patterns: list[Any], prefix: str = "") -> Iterator[tuple[str, str, set[str]]]:
        for one in patterns:
            if isinstance(one, URLResolver):
                yield from walk(one.url_patterns, prefix + str(one.pattern))
            elif isinstance(one, URLPattern):
                yield one.name or "", prefix + str(one.pattern), set(one.pattern.converters)

    yield from walk(get_resolver().url_patterns)


def addresses(order: Order, ids: list[UUID]) -> Iterator[tuple[str, str]]:
    """Every address that could be about ``order``, its accounts, tasks and people."""
    for name, pattern, _kinds in routes():
        if name in EVERYBODYS or name.startswith(OUTSIDE) or not pattern.startswith(("orders/", "accounts/", "staff/")):
            continue
        for pk in ids:
            path = pattern.replace("<slug:reference>", order.reference).replace("<uuid:pk>", str(pk))
            for verb in ("approve", "hand_back", "issue_credentials", "close", "suspend", "withdraw"):
                yield name, "/" + path.replace("<slug:verb>", verb)
                if "<slug:verb>" not in path:
                    break
            if "<uuid:pk>" not in pattern:
                break


@pytest.fixture
def order(story: Story) -> Order:
    """An order that was never sent to Cegal."""
    return story.order_in("approval")


def ids_of(story: Story) -> list[UUID]:
    account = story.account_in("suspended")
    tasks = Task.objects.filter(account=account)
    story.order_in("credential_issue")
    made = [*Account.objects.all(), *tasks, *Credential.objects.all(), *Message.objects.all()[:1], story.ingrid]
    return [uuid4(), *(row.pk for row in made)]


def test_every_other_address_is_closed(story: Story, order: Order) -> None:
    client = browser(story, "cegal")
    asked, ids = 0, ids_of(story)
    before = contents()
    sent = [one for one in addresses(whispered(story), ids) if one[0] not in SHARED | OF_NOBODY]
    before = contents()
    unsent = [
        one for one in addresses(order, ids) if one[0] not in OF_NOBODY | {"credential_verify"}
    ]  # it has no credential
    for name, url in (*unsent, *sent):
        if "<" in url or "(" in url:
            continue  # other parameters: a page of another kind, with its own tests
        answer = client.get(url)
        assert answer.status_code in (301, 302, 403, 404, 405), (name, url, answer.status_code)
        if answer.status_code in (301, 302):
            assert "/account/" in answer["Location"] or answer["Location"].startswith("/cegal/"), (
                url,
                answer["Location"],
            )
        posted = client.post(url)
        assert posted.status_code in (302, 403, 404, 405), (name, url, posted.status_code)
        asked += 1
    after = contents()
    assert asked > 40
    assert {table for table in before if before[table] != after[table] and "session" not in table} == set()


def test_an_order_not_sent_to_cegal_is_not_there_in_any_state(story: Story) -> None:
    client = browser(story, "cegal")
    for state in ("draft", "support", "returned", "approval", "approved", "rejected", "withdrawn"):
        found = story.order_in(state)
        for url in (f"/cegal/orders/{found.reference}/", f"/orders/{found.reference}/",
                    f"/orders/{found.reference}/do/hand_back/"):  # fmt: skip
            assert client.get(url).status_code == 404, (state, url)
            said = {"comment": "x", "version": found.version}
            assert client.post(url, said).status_code in (404, 405), (state, url)
        assert found.reference not in read(client, "/cegal/?state=done")
        assert found.reference not in read(client, "/cegal/?state=setup")


def test_the_navigation_offers_nothing_else(story: Story) -> None:
    page = read(browser(story, "cegal"), "/cegal/")
    assert "/staff/" not in page


def test_supports_tasks_are_not_there(story: Story) -> None:
    account = story.account_in("notified")
    event = Event.objects.filter(subject_id=account.pk).latest("seq")
    task = Task.objects.create(kind=TaskKind.FIND_CONTACT.value, account=account, event=event, opened_at=story.now)
    client = browser(story, "cegal")
    assert client.get(f"/cegal/tasks/{task.pk}/").status_code == 404
    assert account.client_id not in read(client, "/cegal/?state=tasks")


SHARED = frozenset({"order_verb", "credential_verify"})
"""The doors that Cegal shares with others for what was sent to it: handing back, asking whether a secret works."""

OF_NOBODY = frozenset({"portal_api"})
"""What everybody who works here may read, since nothing of anybody stands in it."""

CANARIES = ("canary-note-7f3a", "canary-message-19c2", "canary-answer-51d0", "canary-approver-c0de")


def whispered(story: Story) -> Order:
    """An order at Cegal on which everybody else wrote something that is not for Cegal."""
    note, message, answer, approver = CANARIES
    order = story.order_in("support")
    conversation.write_internal_note(order, by=story.actor("support"), now=story.now, comment=note)
    conversation.write_message(order, by=story.actor("support"), now=story.now, comment=message)
    conversation.write_message(order, by=story.actor("ingrid"), now=story.now, comment=answer)
    story.do(Order.objects.get(pk=order.pk), "send_for_approval", "support", comment=approver)
    story.do(Order.objects.get(pk=order.pk), "approve", "responsible", comment=approver)
    story.do(Order.objects.get(pk=order.pk), "send_to_cegal", "support", comment="Usual naming.")
    return Order.objects.get(pk=order.pk)


def said_to_cegal(client: Client, order: Order) -> str:
    account = order.accounts.first()
    others = [f"/orders/{order.reference}/", f"/orders/{order.reference}/sent/", f"/staff/orders/{order.reference}/"]
    others += [f"/accounts/{account.pk}/"] if account else []
    said = client.post(f"/orders/{order.reference}/message", {"comment": ""}).content.decode()
    pages = [*others, "/cegal/", "/cegal/?state=done", "/cegal/?state=tasks", f"/cegal/orders/{order.reference}/",
             f"/orders/{order.reference}/do/hand_back/"]  # fmt: skip
    return said + "".join(client.get(url).content.decode() for url in pages)


def test_notes_and_messages_never_reach_cegal(story: Story) -> None:
    order = whispered(story)
    client = browser(story, "cegal")
    text = said_to_cegal(client, order)
    assert "Usual naming." in text
    late = client.post(f"/orders/{order.reference}/do/hand_back/", {"comment": "x", "version": 1})
    text += late.content.decode()
    story.do(order, "complete_setup", "cegal", **story.data_for(order, "complete_setup"))
    text += said_to_cegal(client, Order.objects.get(pk=order.pk))
    for canary in CANARIES:
        assert canary not in text


def test_nor_do_the_mails_to_cegal_carry_them(story: Story, mailoutbox: list[Any]) -> None:
    from accounts import delivery

    whispered(story)
    delivery.deliver_due(story.now)
    mine = [mail for mail in mailoutbox if story.cegal.email in str(mail.to)]
    assert mine
    for mail in mine:
        for canary in CANARIES:
            assert canary not in str(mail.message())
