"""A client secret is shown once: to the owner, after signing in again, in the answer to the POST, and nowhere else."""

from __future__ import annotations

import html
import json
import re
import subprocess
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.html import escape

from accounts.models import Account, Credential, Event, Message
from accounts.readers import postman
from accounts.readers.keeping import dotenv
from tests.story import Story
from tests.web.visitors import AN_HOUR, browser_of

CANARY = "canary-~9f2!Æ<b>&\"'{{ 7 }}"
READY = {"ready": "on"}


def issued(story: Story) -> Account:
    """An account whose owner may collect the secret CANARY."""
    order = story.order_in("cegal_setup", technical_email="stranger@elsewhere.example")
    story.do(order, "complete_setup", "cegal", client_id__TEST="client-canary", client_secret__TEST=CANARY)
    story.do(order, "issue_credentials", "support", **story.data_for(order, "issue_credentials"))
    return order.accounts.get()


def url(account: Account) -> str:
    return reverse("collect", args=[account.pk])


def test_looking_never_shows_the_secret(story: Story) -> None:
    account = issued(story)
    for ago in (0, AN_HOUR):
        answer = browser_of(story.ingrid, signed_in_ago=ago).get(url(account))
        assert answer.status_code == 200
        assert "canary-~9f2" not in answer.content.decode()
        assert answer["Cache-Control"] == "no-store, private"
    assert Credential.objects.get().destroyed_at is None


def test_the_owner_gets_the_secret_once_in_the_answer(story: Story) -> None:
    account = issued(story)
    client = browser_of(story.ingrid)
    answer = client.post(url(account), READY)
    text = answer.content.decode()
    assert answer.status_code == 200
    assert f'<code id="client-secret">{escape(CANARY)}</code>' in text
    assert text.count("canary-~9f2") == 3  # to copy, in the .env file, in the Postman environment
    for shown in (account.client_id, account.environment.token_url, account.environment.base_url):
        assert shown in text
    assert "LOOP_CLIENT_SECRET" in text
    assert answer["Cache-Control"] == "no-store, private"
    row = Credential.objects.get()
    assert (row.sealed_secret, row.revealed_by) == ("", "Ingrid Solheim")
    assert Message.objects.filter(kind="secret_collected").count() == 1


def saved(text: str, key: str) -> str:
    """The text of a file as the page's script reads it."""
    found = re.search(rf'<code id="file-{key}">(.*?)</code>', text, re.DOTALL)
    assert found
    return html.unescape(found.group(1))


def test_the_answer_holds_the_files_to_save(story: Story) -> None:
    account = issued(story)
    text = browser_of(story.ingrid).post(url(account), READY).content.decode()
    assert saved(text, "env") == dotenv(account, CANARY)
    environment = json.loads(saved(text, "environment"))
    assert [value["value"] for value in environment["values"] if value["key"] == "clientSecret"] == [CANARY]
    assert json.loads(saved(text, "collection")) == postman.collection()
    for name in ("loop-TEST-client-canary.env", "loop-TEST-client-canary.postman_environment.json"):
        assert f'data-name="{name}"' in text
    assert "data:" not in text.split("<main", 1)[1]


NASTY = ["plain-._1", "~8Q", "a b", "it's", 'a"b', "$(id)`id`\\", "'\"$HOME`\\ #", "#x", "æø=%", "!!"]


@pytest.mark.parametrize("secret", NASTY)
def test_a_shell_reads_the_env_file_as_it_was_meant(story: Story, tmp_path: Path, secret: str) -> None:
    file = tmp_path / ".env"
    file.write_text(dotenv(story.account(), secret), encoding="utf-8")
    command = ["bash", "-c", '. "$1"; printf %s "$LOOP_CLIENT_SECRET"', "-", str(file)]
    assert subprocess.run(command, capture_output=True, check=True).stdout.decode() == secret


def test_the_second_press_is_told_who_and_when(story: Story) -> None:
    account = issued(story)
    client = browser_of(story.ingrid)
    client.post(url(account), READY)
    answer = client.post(url(account), READY)
    text = answer.content.decode()
    assert answer.status_code == 409
    assert "Ingrid Solheim collected the client secret on" in text
    assert "ask for a new secret" in text
    assert "canary-~9f2" not in text
    assert "Collected by Ingrid Solheim" in client.get(url(account)).content.decode()


def test_the_box_must_be_ticked(story: Story) -> None:
    account = issued(story)
    answer = browser_of(story.ingrid).post(url(account), {})
    assert answer.status_code == 422
    assert "Tick the box first" in answer.content.decode()
    assert "canary-~9f2" not in answer.content.decode()
    assert Credential.objects.get().destroyed_at is None


def test_one_signs_in_again_first(story: Story) -> None:
    account = issued(story)
    client = browser_of(story.ingrid, signed_in_ago=AN_HOUR)
    text = client.get(url(account)).content.decode()
    assert f"{reverse('step_up')}?next={url(account)}" in text
    answer = client.post(url(account), READY)
    assert answer.status_code == 302
    assert answer["Location"].startswith(f"{reverse('step_up')}?next=")
    assert Credential.objects.get().destroyed_at is None


@pytest.mark.parametrize("who", ["stranger", "support", "colleague", "administrator"])
def test_nobody_else_gets_it(story: Story, who: str) -> None:
    """The stranger is the technical contact here: they see who must collect it."""
    account = issued(story)
    client = browser_of(getattr(story, who))
    text = client.get(url(account)).content.decode()
    assert "Ingrid Solheim must collect it" in text
    answer = client.post(url(account), READY)
    assert answer.status_code == 403
    assert "canary-~9f2" not in answer.content.decode()
    assert Credential.objects.get().destroyed_at is None


def test_the_owner_lets_the_technical_contact_collect_and_takes_it_back(story: Story) -> None:
    account = issued(story)
    let, stop = (reverse("account_collector", args=[account.pk, verb]) for verb in ("let", "stop"))
    ingrid, contact = browser_of(story.ingrid), browser_of(story.stranger)
    assert let in ingrid.get(url(account)).content.decode()
    assert let in ingrid.get(reverse("account", args=[account.pk])).content.decode()
    assert "Let the technical contact collect" in ingrid.get(let).content.decode()
    assert ingrid.get(stop).status_code == 302
    away = browser_of(story.ingrid, signed_in_ago=AN_HOUR).post(let)
    assert away["Location"].startswith(reverse("step_up"))
    assert not Account.objects.get().technical_may_collect
    assert ingrid.post(let).status_code == 302
    assert Account.objects.get().technical_may_collect
    assert "Show the secret once" in contact.get(url(account)).content.decode()
    assert ingrid.post(stop).status_code == 302
    assert contact.post(url(account), READY).status_code == 403
    ingrid.post(let)
    old = browser_of(story.stranger, signed_in_ago=AN_HOUR).post(url(account), READY)
    assert old["Location"].startswith(reverse("step_up"))
    answer = contact.post(url(account), READY)
    assert f'<code id="client-secret">{escape(CANARY)}</code>' in answer.content.decode()
    assert "Stranger collected the client secret on" in ingrid.post(url(account), READY).content.decode()


def test_only_the_owner_opens_the_page_of_the_permission(story: Story) -> None:
    account = issued(story)
    address = reverse("account_collector", args=[account.pk, "let"])
    for person, status in ((story.stranger, 403), (story.support, 403), (story.cegal, 404)):
        client = browser_of(person)
        assert (client.get(address).status_code, client.post(address).status_code) == (status, status)
    assert browser_of(story.ingrid).get(reverse("account_collector", args=[account.pk, "x"])).status_code == 404


def test_whoever_may_not_see_the_account_gets_404(story: Story) -> None:
    account = issued(story)
    for person in (story.person("nobody@elsewhere.example", "Nobody"), story.cegal):
        other = browser_of(person)
        assert other.get(url(account)).status_code == 404
        assert other.post(url(account), READY).status_code == 404
    signed_out = Client().post(url(account), READY)
    assert signed_out.status_code == 403
    assert "/account/login/" in signed_out.content.decode()


def test_there_is_nothing_to_collect_before_it_is_issued(story: Story) -> None:
    account = story.order_in("credential_issue").accounts.get()
    client = browser_of(story.ingrid)
    assert "not issued yet" in client.get(url(account)).content.decode()
    answer = client.post(url(account), READY)
    assert answer.status_code == 409
    assert "not issued yet" in answer.content.decode()


def test_an_imported_account_has_no_secret_here(story: Story) -> None:
    account = story.account()
    client = browser_of(story.ingrid)
    assert "No secret was ever entered" in client.get(url(account)).content.decode()
    assert client.post(url(account), READY).status_code == 409


def test_a_secret_whose_key_is_gone_is_told_and_not_destroyed(story: Story, settings: object) -> None:
    account = issued(story)
    settings.CREDENTIAL_KEYS = {"other": b"x" * 32}  # type: ignore[attr-defined]
    answer = browser_of(story.ingrid).post(url(account), READY)
    assert answer.status_code == 409
    assert "cannot be opened at the moment" in answer.content.decode()
    assert Credential.objects.get().destroyed_at is None


def test_a_page_that_cannot_be_drawn_destroys_nothing(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    account = issued(story)
    client = browser_of(story.ingrid, raise_request_exception=False)
    monkeypatch.setattr("accounts.web.collect._revealed", lambda *_: 1 / 0)
    assert client.post(url(account), READY).status_code == 500
    assert Credential.objects.get().destroyed_at is None
    assert not Event.objects.filter(verb="reveal_secret").exists()


def test_the_secret_is_in_no_row_and_no_session_afterwards(story: Story) -> None:
    account = issued(story)
    client = browser_of(story.ingrid)
    client.post(url(account), READY)
    assert "canary-~9f2" not in str(dict(client.session))
    assert "canary-~9f2" not in str([event.words() for event in Event.objects.all()])


def test_a_closed_account_has_nothing_to_collect_and_no_new_secret_to_ask_for(story: Story) -> None:
    account = issued(story)
    story.do(Account.objects.get(pk=account.pk), "close", "ingrid", comment="The project is over.")
    client = browser_of(story.ingrid)
    text = client.get(url(account)).content.decode()
    assert "Destroyed: the account was closed" in text
    assert "ask for a new secret" not in text
    answer = client.post(url(account), READY)
    assert answer.status_code == 409
    assert "The account is closed." in answer.content.decode()
