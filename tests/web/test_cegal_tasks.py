"""Cegal's tasks: clients to enable or disable, new secrets; each is done once and no secret is echoed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.urls import reverse

from accounts import outbox
from accounts.actions import new_secret, ordering, provider
from accounts.lifecycle.states import TaskKind
from accounts.models import Account, Credential, Event, Order, Task
from tests.story import NOW, Story
from tests.web.staff_pages import browser, read

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


def suspended(story: Story) -> tuple[Account, Task]:
    account = story.account_in("suspended")
    return account, account.tasks.get(kind=TaskKind.DISABLE_CLIENT.value)


def reactivation(story: Story) -> tuple[Order, Account]:
    account, task = suspended(story)
    provider.confirm(task, by=story.actor("cegal"), now=NOW)
    order = ordering.start_reactivation(account, by=story.actor("ingrid"), now=NOW)
    ordering.save_answers(
        order,
        {
            "system": "SAP",
            "technical_name": "Tor Teknisk",
            "technical_email": "tor@nordsjo.example",
            "owner_name": "Ingrid Solheim",
        },
        by=story.actor("ingrid"),
        now=NOW,
    )
    for verb, who in (
        ("submit", "ingrid"),
        ("send_for_approval", "support"),
        ("approve", "responsible"),
        ("send_to_cegal", "support"),
    ):
        story.do(now(order), verb, who)
    return now(order), account


def test_a_reactivation_is_confirmed_with_a_new_secret_where_it_needs_one(story: Story) -> None:
    order, account = reactivation(story)
    client = browser(story, "cegal")
    assert account.client_id not in read(client, "/cegal/?state=tasks")  # it is the order's work
    text = read(client, page(order))
    assert "Confirm that the client is enabled" in text
    assert account.client_id in text
    assert 'type="password"' in text
    answer = client.post(page(order), {"version": order.version})
    assert answer.status_code == 409
    assert "its secret may be known to others. Enter a new one." in answer.content.decode()
    assert client.post(page(order), {"version": order.version, "client_secret": CANARY}).status_code == 302
    assert CANARY not in read(client, page(order))
    assert CANARY not in read(browser(story, "support"), f"/staff/orders/{order.reference}/")
    assert now(order).state == "credential_issue"
    assert not Task.objects.filter(account=account, done_at__isnull=True).exists()


# --- tasks


def test_a_task_is_confirmed_once(story: Story) -> None:
    account, task = suspended(story)
    url = reverse("cegal_task", args=[task.pk])
    client = browser(story, "cegal")
    assert "Confirm that the client is disabled" in read(client, url)
    assert client.post(url, {"comment": "Done in Entra."}).status_code == 302
    task.refresh_from_db()
    assert task.done_by == "Silje Thorsen"
    assert "This task is done" in read(client, url)
    assert client.post(url, {"comment": "again"}).status_code == 200
    assert Event.objects.filter(subject_id=account.pk, verb="confirm_task").count() == 1


def test_two_at_once_confirm_once(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    _account, task = suspended(story)
    client = browser(story, "cegal")
    confirm = provider.confirm

    def somebody_is_faster(held: Task, **how: Any) -> Event:
        confirm(Task.objects.get(pk=held.pk), **how)
        return confirm(held, **how)

    monkeypatch.setattr("accounts.web.cegal.provider.confirm", somebody_is_faster)
    client.post(reverse("cegal_task", args=[task.pk]))
    assert "Silje Thorsen confirmed this already." in read(client, "/cegal/")


def new_secret_task(story: Story) -> tuple[Account, Task]:
    account = story.account()
    new_secret.ask_for_new_secret(account, by=story.actor("support"), now=NOW)
    return account, account.tasks.get(kind=TaskKind.NEW_SECRET.value)


def test_a_new_secret_is_entered_once_and_never_shown(
    story: Story, asked: list[Any], django_capture_on_commit_callbacks: Any
) -> None:
    account, task = new_secret_task(story)
    client = browser(story, "cegal")
    url = reverse("cegal_task", args=[task.pk])
    assert 'type="password"' in read(client, url)
    with django_capture_on_commit_callbacks(execute=True):
        answer = client.post(url, {"client_secret": CANARY})
    assert (answer.status_code, answer["Location"]) == (302, url)
    watched = read(client, url)
    assert "The portal is asking the token URL." in watched
    assert "every 3s" in watched
    Credential.objects.update(check_due_at=None, checked_at=NOW, check_outcome="wrong_secret")
    refused = read(client, url)
    assert "the client ID or the secret is wrong" in refused
    assert "Check again" in refused
    assert "Ask Cegal for a new secret" not in refused
    credential = Credential.objects.get(account=account)
    again = client.post(reverse("credential_verify", args=[credential.pk]))
    assert (again.status_code, again["Location"]) == (302, url)
    assert credential.is_collectable
    assert CANARY not in read(client, "/cegal/?state=tasks")
    assert CANARY not in read(client, url)
    assert outbox.VERIFY in asked


@pytest.mark.parametrize("wrong", [{"client_secret": ""}, {"client_secret": CANARY, "expires_on": "never"}])
def test_a_wrong_new_secret_is_refused_without_an_echo(story: Story, wrong: dict[str, str]) -> None:
    _account, task = new_secret_task(story)
    answer = browser(story, "cegal").post(reverse("cegal_task", args=[task.pk]), wrong)
    assert answer.status_code == 422
    assert CANARY not in answer.content.decode()
    assert not Credential.objects.exists()


def test_a_task_of_support_is_not_cegals(story: Story) -> None:
    account, task = suspended(story)
    Task.objects.filter(pk=task.pk).update(kind=TaskKind.FIND_CONTACT.value)
    client = browser(story, "cegal")
    read(client, reverse("cegal_task", args=[task.pk]), 404)
    assert account.client_id not in read(client, "/cegal/?state=tasks")
