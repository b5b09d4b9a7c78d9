"""API tokens: shown once, listed, revoked; for administrators alone."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core.management import call_command
from django.urls import reverse

from accounts.models import ApiToken, Event
from accounts.models.token import digest_of
from accounts.readers import history
from tests.story import Story
from tests.web.visitors import AN_HOUR, browser_of

pytestmark = pytest.mark.django_db
TOKENS, NEW = "/staff/tokens/", "/staff/tokens/new/"
GOOD = {"name": "Log shipper", "scopes": ["usage:write"], "days": "90"}


def test_a_token_is_shown_once_and_only_its_hash_is_kept(story: Story) -> None:
    browser = browser_of(story.administrator)
    assert "No token yet" in browser.get(TOKENS).content.decode()
    response = browser.post(NEW, GOOD)
    (text,) = set(re.findall(r"lap_[\w-]{43}", response.content.decode()))
    assert "no-store" in response["Cache-Control"]
    made = ApiToken.objects.get()
    assert (made.digest, made.scopes, made.created_by) == (digest_of(text), ["usage:write"], "Ada Admin")
    assert text not in str(vars(made))
    listed = browser.get(TOKENS).content.decode()
    assert made.hint in listed
    assert text not in listed


@pytest.mark.parametrize("wrong", [{"name": " "}, {"scopes": []}, {"scopes": ["all"]}, {"days": "0"}, {"days": "731"}])
def test_mistakes_are_told_and_nothing_is_made(story: Story, wrong: dict[str, Any]) -> None:
    response = browser_of(story.administrator).post(NEW, {**GOOD, **wrong})
    assert response.status_code == 422
    assert not ApiToken.objects.exists()


def test_revoking_asks_first_and_lasts(story: Story) -> None:
    browser = browser_of(story.administrator)
    browser.post(NEW, GOOD)
    made = ApiToken.objects.get()
    url = reverse("token_revoke", args=[made.pk])
    assert "cannot be undone" in browser.get(url).content.decode()
    assert ApiToken.objects.get().revoked_at is None
    assert browser.post(url)["Location"] == TOKENS
    first = ApiToken.objects.get()
    assert first.revoked_by == "Ada Admin"
    browser.post(url)
    assert ApiToken.objects.get().revoked_at == first.revoked_at
    assert "Revoked" in browser.get(TOKENS).content.decode()


def test_what_is_done_with_tokens_stands_in_the_history(story: Story) -> None:
    browser = browser_of(story.administrator)
    browser.post(NEW, GOOD)
    made = ApiToken.objects.get()
    browser.post(reverse("token_revoke", args=[made.pk]))
    events = Event.objects.filter(subject_id=made.pk).order_by("seq")
    assert [(one.verb, one.actor_name) for one in events] == [("add", "Ada Admin"), ("revoke", "Ada Admin")]
    assert events[0].data["scopes"] == ["usage:write"]
    assert made.digest not in str(events[0].data)
    page = browser.get("/staff/audit/").content.decode()
    for said in ("Made it", "Revoked it", "API token", "Log shipper", "May be used for"):
        assert said in page, said
    assert not list(history.verify(history.Verified()))


def test_a_token_of_before_the_history_is_revoked_too(story: Story) -> None:
    old = ApiToken.objects.create(name="Old", hint="lap_old", digest="d" * 64, created_at=story.now)
    assert not list(history.verify(history.Verified(), old))
    browser_of(story.administrator).post(reverse("token_revoke", args=[old.pk]))
    assert ApiToken.objects.get().revoked_by == "Ada Admin"
    assert not list(history.verify(history.Verified()))


def test_making_a_token_asks_anew_who_it_is(story: Story) -> None:
    """What can do without a person is not made in a session that somebody left open."""
    browser = browser_of(story.administrator, signed_in_ago=AN_HOUR)
    assert browser.post(NEW, GOOD)["Location"].startswith(reverse("step_up"))
    assert not ApiToken.objects.exists()


@pytest.mark.parametrize("who", ["support", "responsible", "cegal", "ingrid"])
def test_only_administrators(story: Story, who: str) -> None:
    browser = browser_of(getattr(story, who))
    assert browser.get(TOKENS).status_code == 403
    assert browser.post(NEW, GOOD).status_code == 403
    assert not ApiToken.objects.exists()


def test_the_list_asks_as_much_for_many_as_for_one(story: Story, django_assert_max_num_queries: Any) -> None:
    browser = browser_of(story.administrator)
    browser.post(NEW, GOOD)
    with django_assert_max_num_queries(30) as few:
        browser.get(TOKENS)
    asked = len(few)
    for _number in range(9):
        browser.post(NEW, GOOD)
    with django_assert_max_num_queries(asked):
        browser.get(TOKENS)


def test_the_command_writes_the_token_alone(db: None, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("create_token", "Log shipper", "--scope", "usage:write", "--days", "7")
    out, err = capsys.readouterr()
    assert digest_of(out.strip()) == ApiToken.objects.get().digest
    assert "usage:write" in err
    assert out.strip() not in err
