"""Cegal's pages: only what was sent there, and secrets that are never echoed."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from accounts import outbox
from accounts.lifecycle.states import TaskKind
from accounts.models import Account, Credential, Event, Order, Task
from tests.story import NOW, PURPOSE, Story
from tests.web.staff_pages import browser, queries, read, words

CANARY = "canary-3f9d-Secret~with+signs"


@pytest.fixture(autouse=True)
def clock() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The tasks that were sent to a worker."""
    sent: list[str] = []
    monkeypatch.setattr("accounts.outbox.current_app.send_task", lambda name, **_how: sent.append(name))
    return sent


def page(order: Order) -> str:
    return reverse("cegal_order", args=[order.reference])


def now(order: Order) -> Order:
    return Order.objects.get(pk=order.pk)


def enter(client: Client, order: Order, **fields: str) -> Any:
    """Fill in the set-up form of ``order`` for TEST, and send it."""
    typed = {"version": order.version, "client_id__TEST": "client-1", "client_secret__TEST": CANARY, **fields}
    return client.post(page(order), typed)


def suspended(story: Story) -> tuple[Account, Task]:
    account = story.account_in("suspended")
    return account, account.tasks.get(kind=TaskKind.DISABLE_CLIENT.value)


# --- the queue


def test_the_queue_shows_what_is_to_set_up_and_nothing_that_was_not_sent(story: Story) -> None:
    to_set_up = story.order_in("cegal_setup")
    others = [story.order_in(state) for state in ("support", "returned", "approval", "approved", "rejected")]
    text = read(browser(story, "cegal"), "/cegal/")
    assert to_set_up.reference in text
    for order in others:
        assert order.reference not in text
        read(browser(story, "cegal"), page(order), 404)


def test_open_tasks_come_first_where_nothing_is_to_set_up(story: Story) -> None:
    account, task = suspended(story)
    text = read(browser(story, "cegal"), "/cegal/")
    assert account.client_id in text
    assert "Disable the client" in text
    assert reverse("cegal_task", args=[task.pk]) in text
    assert "Nothing to set up" in read(browser(story, "cegal"), "/cegal/?state=setup")


def test_what_went_back_can_be_looked_up(story: Story) -> None:
    order = story.order_in("credential_issue")
    client = browser(story, "cegal")
    assert order.reference not in read(client, "/cegal/?state=setup")
    assert order.reference in read(client, "/cegal/?state=done")


def test_an_empty_queue_says_why(story: Story) -> None:
    client = browser(story, "cegal")
    assert "Nothing to set up" in read(client, "/cegal/")
    assert "No open tasks" in read(client, "/cegal/?state=tasks")
    assert "Nothing went back to Support yet" in read(client, "/cegal/?state=done")
    assert "Nothing to set up" in read(client, "/cegal/?state=nonsense&after=%00")
    for tab in ("setup", "tasks", "done"):
        assert "Nothing found" in read(client, f"/cegal/?state={tab}&q=LA-1999-0001")


def test_found_by_reference_client_id_organisation_and_environment(story: Story) -> None:
    to_set_up = story.order_in("cegal_setup", organisation_name="Ærfugl Subsea AS")
    done = story.order_in("credential_issue", environments=("PRODUCTION",))
    client_id = done.accounts.get().client_id
    client = browser(story, "cegal")

    def found(tab: str, order: Order, **asked: str) -> bool:
        return order.reference in words(read(client, f"/cegal/?{urlencode({'state': tab, **asked})}"))

    assert found("setup", to_set_up, q=to_set_up.reference.lower())
    assert found("setup", to_set_up, q="ærfugl")
    assert found("setup", to_set_up, environment="TEST")
    assert not found("setup", to_set_up, environment="PRODUCTION")
    assert found("done", done, q=client_id)
    assert found("done", done, q="nordsjø", environment="PRODUCTION")
    assert not found("done", done, q="ærfugl")
    for hidden in ("Ingrid", "ingrid@nordsjo.example"):
        assert not found("setup", to_set_up, q=hidden), "only what Cegal sees can be looked for"


def test_a_task_is_found_by_its_client_and_environment(story: Story) -> None:
    account, _task = suspended(story)
    client = browser(story, "cegal")
    assert account.client_id in words(read(client, f"/cegal/?state=tasks&q={account.client_id}"))
    assert account.client_id in words(read(client, "/cegal/?state=tasks&environment=TEST"))
    for asked in ("q=nobody", "environment=PRODUCTION"):
        assert account.client_id not in words(read(client, f"/cegal/?state=tasks&{asked}"))


@pytest.mark.parametrize("tab", ["setup", "tasks", "done"])
def test_the_number_of_queries_does_not_grow(story: Story, tab: str) -> None:
    def more() -> None:
        story.order_in("cegal_setup")
        story.order_in("credential_issue")
        suspended(story)

    client = browser(story, "cegal")
    more()
    more()
    few = queries(client, f"/cegal/?state={tab}")
    for _number in range(24):
        more()
    assert queries(client, f"/cegal/?state={tab}") == few


# --- an order


def test_cegal_sees_what_it_needs_and_no_internal_note(story: Story) -> None:
    order = story.order_in("support")
    story.do(order, "send_for_approval", "support", comment="They called twice, be quick.")
    story.do(now(order), "approve", "responsible", comment="Fine by me.")
    story.do(now(order), "send_to_cegal", "support", comment="Use the usual naming.")
    other = story.order_in("rejected")
    text = words(read(browser(story, "cegal"), page(order)))
    for said in ("Nordsjø Surplus AS", "Seller", PURPOSE, "Tor Teknisk", "tor@nordsjo.example", "Henrik Aasen, 23 Nov"):
        assert said in text
    assert "Use the usual naming." in text
    assert "be quick" not in text
    assert "Fine by me" not in text
    assert "ingrid@nordsjo.example" not in text
    assert other.reference not in text


def test_the_form_asks_for_each_environment(story: Story) -> None:
    order = story.order_in("cegal_setup", environments=("TEST", "PRODUCTION"))
    text = read(browser(story, "cegal"), page(order))
    for name in ("TEST", "PRODUCTION"):
        assert f'name="client_id__{name}"' in text
        assert f'name="client_secret__{name}"' in text
    assert text.count('type="password"') == 2
    assert "no-store" in browser(story, "cegal").get(page(order))["Cache-Control"]


def test_the_setup_makes_the_account_and_never_shows_the_secret_again(
    story: Story, asked: list[Any], caplog: pytest.LogCaptureFixture, django_capture_on_commit_callbacks: Any
) -> None:
    order = story.order_in("cegal_setup")
    client = browser(story, "cegal")
    with caplog.at_level(logging.DEBUG), django_capture_on_commit_callbacks(execute=True):
        answer = enter(client, order, expires_on__TEST="2028-11-23")
    assert (answer.status_code, answer["Location"]) == (302, page(order))
    account = order.accounts.get()
    credential = Credential.objects.get(account=account)
    text = read(client, page(order))
    assert "The setup is complete. Support goes on from here." in text
    assert "client-1" in text
    assert "23 Nov 2028" in text
    assert "Complete setup" not in text
    assert CANARY not in text
    assert credential.sealed_secret not in text
    assert CANARY not in caplog.text
    assert CANARY not in str([event.data for event in Event.objects.all()])
    assert outbox.VERIFY in asked


def test_a_broker_that_is_away_does_not_undo_the_setup(
    story: Story, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    def away(*_args: Any, **_how: Any) -> None:
        raise ConnectionError("no broker")

    monkeypatch.setattr("accounts.outbox.current_app.send_task", away)
    order = story.order_in("cegal_setup")
    with django_capture_on_commit_callbacks(execute=True):
        assert enter(browser(story, "cegal"), order).status_code == 302
    assert now(order).state == "credential_issue"


@pytest.mark.parametrize(
    "wrong",
    [
        {"client_id__TEST": ""},
        {"client_secret__TEST": ""},
        {"client_id__TEST": "x" * 201},
        {"client_secret__TEST": CANARY * 30},
        {"expires_on__TEST": "soon"},
        {"client_id__TEST": "\x00"},
    ],
)
def test_what_is_wrong_is_said_and_no_secret_comes_back(story: Story, wrong: dict[str, str]) -> None:
    order = story.order_in("cegal_setup")
    answer = enter(browser(story, "cegal"), order, **wrong)
    text = answer.content.decode()
    assert answer.status_code == 422
    assert "Paste the client secrets again" in text
    assert CANARY not in text
    assert now(order).state == "cegal_setup"
    assert not Credential.objects.exists()


def test_a_client_id_that_is_taken_is_refused_in_words(story: Story) -> None:
    story.account(client_id="client-1")
    order = story.order_in("cegal_setup")
    answer = enter(browser(story, "cegal"), order)
    text = answer.content.decode()
    assert answer.status_code == 409
    assert "The client id client-1 already belongs to an account in TEST." in text
    assert 'value="client-1"' in text
    assert CANARY not in text


def test_a_second_press_changes_nothing_and_says_so(story: Story, asked: list[Any]) -> None:
    order = story.order_in("cegal_setup")
    client = browser(story, "cegal")
    assert enter(client, order).status_code == 302
    again = enter(client, order, client_id__TEST="client-of-my-own", client_secret__TEST=CANARY, comment="Renamed.")
    text = again.content.decode()
    assert again.status_code == 409
    assert Credential.objects.count() == 1
    assert "Silje Thorsen completed the setup" in text
    assert "client-of-my-own" in text, "what was typed is kept"
    assert "Renamed." in text
    assert CANARY not in text


def test_a_page_that_is_out_of_date_does_not_set_up(story: Story, asked: list[Any]) -> None:
    order = story.order_in("cegal_setup")
    old = order.version
    story.do(now(order), "hand_back", "cegal", comment="No name.")
    story.do(now(order), "send_to_cegal", "support")
    answer = enter(browser(story, "cegal"), order, version=str(old))
    text = answer.content.decode()
    assert answer.status_code == 409
    assert "Marte Lunde sent the order to Cegal" in text
    assert 'value="client-1"' in text
    assert CANARY not in text


def test_handing_back_needs_a_reason_and_closes_the_form(story: Story) -> None:
    order = story.order_in("cegal_setup")
    client = browser(story, "cegal")
    url = reverse("order_verb", args=[order.reference, "hand_back"])
    assert url in read(client, page(order))
    assert client.post(url, {"version": order.version, "comment": ""}).status_code == 422
    done = client.post(url, {"version": order.version, "comment": "The tenant is locked."})
    assert (done.status_code, done["Location"]) == (302, page(order))
    text = read(client, page(order))
    assert "The tenant is locked." in text
    assert 'type="password"' not in text
    assert enter(client, now(order)).status_code == 409
    assert now(order).state == "approved"


@pytest.mark.parametrize("who", ["support", "responsible", "administrator", "ingrid"])
def test_nobody_else_sets_up(story: Story, who: str) -> None:
    order = story.order_in("cegal_setup")
    client = browser(story, who)
    assert client.get(page(order)).status_code == 403
    assert enter(client, order).status_code == 403
    assert now(order).state == "cegal_setup"


def test_support_sees_no_way_to_the_secret_either(story: Story) -> None:
    order = story.order_in("cegal_setup")
    read(browser(story, "support"), reverse("order_verb", args=[order.reference, "complete_setup"]), 403)
