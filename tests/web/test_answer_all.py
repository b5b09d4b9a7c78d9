"""Many questions on one page: an answer for each account, and what became of each."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.actions import inactivity
from accounts.models import Account, Handover
from tests.story import Story
from tests.web.visitors import browser_of

URL = reverse("answer_all")


@pytest.fixture
def accounts(story: Story) -> list[Account]:
    """Four accounts of one owner that wait for an answer."""
    today = story.now.date()
    story.covered(today - timedelta(days=500), today)
    made = [story.account(client_id=f"client-{name}", last_used_on=today - timedelta(days=400)) for name in "abcd"]
    list(inactivity.check(today=today, now=story.now))
    for account in made:
        story.deliver(account)
    return list(Account.objects.order_by("client_id"))


@pytest.fixture
def ingrid(story: Story) -> Client:
    return browser_of(story.ingrid)


def typed(answers: dict[Account, str], **common: str) -> dict[str, object]:
    """What the form sends."""
    named = {f"{account.pk}-answer": said for account, said in answers.items()}
    return {"account": [str(account.pk) for account in answers], **named, **common}


def states(accounts: list[Account]) -> list[str]:
    return [Account.objects.get(pk=account.pk).state for account in accounts]


def test_one_submit_answers_them_all(ingrid: Client, accounts: list[Account]) -> None:
    said = dict(zip(accounts, ["keep", "close", "hand_over", ""], strict=True))
    more = {"comment": "Project Ekko.", "name": "Kari", "email": "kari@nordsjo.example", "sure": "on"}
    answer = ingrid.post(URL, typed(said, **more), follow=True)
    assert states(accounts) == ["active", "closed", "active", "notified"]
    text = answer.content.decode()
    assert "3 accounts are answered." in text
    assert "client-d" in text
    assert "client-a" not in text.split("3 accounts")[1]
    assert Handover.objects.get().account == accounts[2]


def test_part_of_it_fails_and_each_account_says_why(story: Story, ingrid: Client, accounts: list[Account]) -> None:
    story.do(accounts[1], "keep", "support", comment="By phone.")
    said = dict(zip(accounts, ["keep", "keep", "close", "hand_over"], strict=True))
    answer = ingrid.post(URL, typed(said, comment="Project Ekko.", email="kari@nordsjo.example", name="Kari"))
    assert answer.status_code == 422
    text = answer.content.decode()
    assert "Some answers are recorded, some are not" in text
    assert "Closing cannot be undone." in text
    assert states(accounts) == ["active", "active", "notified", "active"]
    assert "Project Ekko." in text, "what was typed is kept"


def test_a_reason_is_needed_for_each(ingrid: Client, accounts: list[Account]) -> None:
    said = typed({accounts[0]: "keep", accounts[1]: "keep"})
    said[f"{accounts[1].pk}-comment"] = "This one is for Ekko."
    answer = ingrid.post(URL, said)
    assert answer.status_code == 422
    assert "Write a reason, here or for all of them." in answer.content.decode()
    assert states(accounts[:2]) == ["notified", "active"]


def test_accounts_of_others_are_neither_shown_nor_answered(story: Story, accounts: list[Account]) -> None:
    stranger = browser_of(story.stranger)
    assert "No account waits for your answer" in stranger.get(URL).content.decode()
    stranger.post(URL, typed(dict.fromkeys(accounts, "close"), comment="Mine now.", sure="on"))
    assert states(accounts) == ["notified"] * 4


def test_odd_input_changes_nothing(ingrid: Client, accounts: list[Account]) -> None:
    for data in ({}, {"account": ["x", "0", ""]}, typed({accounts[0]: "teleport"}, comment="Now.")):
        assert ingrid.post(URL, data).status_code in (302, 422)
    assert ingrid.get(f"{URL}?account={accounts[0].pk}&{accounts[0].pk}-answer=close&sure=on").status_code == 200
    assert states(accounts) == ["notified"] * 4


def test_a_page_takes_the_same_queries_however_many_there_are(
    ingrid: Client, accounts: list[Account], django_assert_num_queries: Any
) -> None:
    ingrid.get(URL)  # the first page of a session asks once more
    with CaptureQueriesContext(connection) as four:
        text = ingrid.get(URL).content.decode()
    assert all(account.client_id in text for account in accounts)
    Account.objects.exclude(pk=accounts[0].pk).update(state="active")
    with django_assert_num_queries(len(four)):
        ingrid.get(URL)
    assert len(four) <= 12


def test_nobody_who_is_not_signed_in(accounts: list[Account]) -> None:
    assert Client().get(URL).status_code == 302
    Client().post(URL, typed(dict.fromkeys(accounts, "keep"), comment="Now."))
    assert states(accounts) == ["notified"] * 4
