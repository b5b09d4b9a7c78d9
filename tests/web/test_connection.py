"""Test my connection: the secret is used once, against the stand-in, and is nowhere afterwards."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest
from django.core.cache import cache
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from accounts.models import Account, Event
from loop_standin.clients import derived_secret
from loop_standin.process import running
from tests.story import Story
from tests.web.visitors import browser_of

CLIENT = "client-canary"
CANARY = derived_secret(CLIENT)


@pytest.fixture(scope="module")
def standin() -> Iterator[str]:
    with running() as address:
        yield address


@pytest.fixture
def account(story: Story, standin: str) -> Account:
    cache.clear()
    story.test.token_url = f"{standin}/test/loop-m2m/loop-api/v1/token"
    story.test.base_url = f"{standin}/test/"
    story.test.private_addresses_allowed = True
    story.test.save()
    return story.account(client_id=CLIENT, technical_email="tor@nordsjo.example")


@pytest.fixture
def ingrid(story: Story) -> Client:
    return browser_of(story.ingrid)


def address(account: Account) -> str:
    return reverse("account_test", args=[account.pk])


def noted(account: Account) -> list[Event]:
    return list(Event.objects.filter(subject_id=account.pk, verb="test_connection").order_by("seq"))


def test_the_right_secret_gets_a_token_and_sales(account: Account, ingrid: Client) -> None:
    answer = ingrid.post(address(account), {"client_secret": f" {CANARY}\n"})
    text = answer.content.decode()
    assert answer.status_code == 200
    assert "valid for 3,599 seconds" in text
    assert "127.0.0.1 accepted the token and answered with sales." in text
    kept = noted(account)[0].data
    assert (kept["token"], kept["sales"]) == ("ok", "ok")
    assert [row["state"] for row in answer.context["progress"]] == ["met", "met", "met"]


def test_a_wrong_secret_is_told_in_words(account: Account, ingrid: Client) -> None:
    answer = ingrid.post(address(account), {"client_secret": "wrong-one-here"})
    assert "does not accept this client id with this secret" in answer.content.decode()
    assert "wrong-one-here" not in answer.content.decode()
    assert noted(account)[0].data["token"] == "wrong_secret"
    assert "sales" not in noted(account)[0].data


def test_the_secret_is_nowhere_afterwards(
    account: Account, ingrid: Client, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    answer = ingrid.post(address(account), {"client_secret": CANARY})
    everything = io.StringIO()
    call_command("dumpdata", stdout=everything)
    said = capfd.readouterr()
    for place in (answer.content.decode(), everything.getvalue(), caplog.text, said.out, said.err):
        assert CANARY not in place
    assert CANARY not in json.dumps(dict(ingrid.session), default=str)
    assert answer["Cache-Control"] == "no-store, private"


def test_a_failure_of_ours_shows_the_secret_to_nobody(
    account: Account, ingrid: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_given: object, **_said: object) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr("accounts.gateways.loop.fetch_token", fail)
    ingrid.raise_request_exception = False
    answer = ingrid.post(address(account), {"client_secret": CANARY})
    assert answer.status_code == 500
    assert CANARY not in answer.content.decode() + caplog.text
    assert noted(account) == []


@pytest.mark.parametrize(("typed", "words"), [("", "Paste the client secret"), ("x" * 501, "too long")])
def test_what_is_no_secret_is_not_sent(account: Account, ingrid: Client, typed: str, words: str) -> None:
    answer = ingrid.post(address(account), {"client_secret": typed})
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert "x" * 501 not in answer.content.decode()
    assert noted(account) == []


def test_too_many_tests_must_wait(account: Account, ingrid: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("accounts.web.connection.RATE", "2/5m")
    for _ in range(2):
        assert ingrid.post(address(account), {"client_secret": "wrong"}).status_code == 200
    answer = ingrid.post(address(account), {"client_secret": CANARY})
    assert answer.status_code == 429
    assert "Wait 5 minutes" in answer.content.decode()
    assert 0 < int(answer["Retry-After"]) <= 300
    assert len(noted(account)) == 2


def test_only_who_has_the_secret_can_test(story: Story, account: Account) -> None:
    tor = browser_of(story.person("tor@nordsjo.example", "Tor Teknisk"))
    assert tor.post(address(account), {"client_secret": CANARY}).status_code == 200
    expected = {story.stranger: 404, story.cegal: 404, story.support: 403, story.administrator: 403}
    for person, status in expected.items():
        assert browser_of(person).post(address(account), {"client_secret": CANARY}).status_code == status
    shown = browser_of(story.support).get(reverse("account_start", args=[account.pk])).content.decode()
    assert 'client_secret"' not in shown
    assert len(noted(account)) == 1


def test_looking_changes_nothing_and_leads_to_the_form(account: Account, ingrid: Client) -> None:
    answer = ingrid.get(address(account))
    assert answer["Location"] == reverse("account_start", args=[account.pk]) + "#test"
    assert noted(account) == []


def test_an_address_inside_the_network_is_refused_unless_the_environment_allows_it(
    story: Story, account: Account, ingrid: Client
) -> None:
    story.test.private_addresses_allowed = False
    story.test.save()
    ingrid.post(address(account), {"client_secret": CANARY})
    assert noted(account)[0].data["token"] == "address_refused"
