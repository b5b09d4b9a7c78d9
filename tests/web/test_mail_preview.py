"""The preview of the mails: every kind in both languages, with nobody's data, in a frame that can do nothing."""

from __future__ import annotations

import re

import pytest
from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from accounts.delivery.kinds import KINDS
from accounts.delivery.samples import NOWHERE, TOLD, sample
from accounts.models import Event, Message, Order, Person
from accounts.readers.messages import KINDS as LABELS
from tests.story import NOW, Story
from tests.web.staff_pages import browser, queries, read

LANGUAGES = [code for code, _name in settings.LANGUAGES]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_a_whole_sample(kind: str, language: str) -> None:
    """Without a database: a kind whose sample needs a row that is not made up fails here."""
    found = sample(kind, language, now=NOW)
    for part in found[1:]:
        assert part.strip()
        assert not re.search(r"\{[{%]|[%}]\}|\bNone\b(?! of the answers)", part), part
        assert settings.PORTAL_URL not in part
    assert f'<html lang="{language}"' in found.html
    links = re.findall(r"https?://\S+", found.text)
    (_link,) = [link for link in links if link.startswith(NOWHERE)]
    assert all(".example/" in link for link in links if not link.startswith(NOWHERE))
    assert found.html.count(NOWHERE) == 1


def test_every_kind_has_a_name_and_every_story_a_kind() -> None:
    assert set(KINDS) == set(LABELS)
    assert set(TOLD) <= set(KINDS)


def test_the_list_names_every_kind_with_its_subject(story: Story) -> None:
    text = read(browser(story, "support"), "/staff/mails/")
    for kind in KINDS:
        assert reverse("mail_sample", args=[kind, "nb"]) in text
    assert "Your order LA-" in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_sample_shows_its_subject_its_text_and_a_frame(story: Story, language: str) -> None:
    address = reverse("mail_sample", args=["order_returned", language])
    answer = browser(story, "administrator").get(address)
    assert sample("order_returned", language, now=timezone.now()).subject in answer.content.decode()
    assert f'<iframe class="lp-mailframe" sandbox src="{address}html"' in answer.content.decode()
    assert "frame-src 'self'" in answer.headers["Content-Security-Policy"]


def test_the_frame_can_do_nothing(story: Story) -> None:
    answer = browser(story, "support").get(reverse("mail_sample_html", args=["order_returned", "en"]))
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'")
    assert policy.endswith("sandbox")
    assert "frame-ancestors 'self'" in policy
    assert "unsafe-inline" not in policy
    assert answer.headers["X-Frame-Options"] == "SAMEORIGIN"


def test_looking_writes_nothing_and_asks_the_database_for_nothing_of_a_mail(story: Story) -> None:
    client = browser(story, "support")
    before = [model.objects.count() for model in (Person, Order, Event, Message)]
    few = queries(client, "/staff/messages/")
    for kind in KINDS:
        assert queries(client, reverse("mail_sample", args=[kind, "en"])) <= few, kind
    assert [model.objects.count() for model in (Person, Order, Event, Message)] == before


@pytest.mark.parametrize("address", ["order_returned/de/", "unknown_kind/en/", "unknown_kind/en/html"])
def test_what_there_is_not_is_404(story: Story, address: str) -> None:
    assert browser(story, "support").get(f"/staff/mails/{address}").status_code == 404


@pytest.mark.parametrize("who", ["ingrid", "cegal", "responsible"])
def test_others_may_not_look(story: Story, who: str) -> None:
    for address in ("/staff/mails/", "/staff/mails/order_returned/en/", "/staff/mails/order_returned/en/html"):
        assert browser(story, who).get(address).status_code == 403
