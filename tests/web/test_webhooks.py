"""The administrators' pages about webhooks: the secret is shown once, deliveries are seen, sent again, replayed."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.urls import reverse

from accounts.models import MessageState, WebhookEndpoint, WebhookMessage
from tests.story import Story
from tests.web.visitors import browser_of

pytestmark = pytest.mark.django_db
LIST, NEW = "/staff/webhooks/", "/staff/webhooks/new/"
GOOD = {"name": "Ticket system", "url": "https://tickets.example/hooks", "verbs": ["submit", "approve"]}


def made(story: Story, **changed: Any) -> WebhookEndpoint:
    browser_of(story.administrator).post(NEW, {**GOOD, **changed})
    return WebhookEndpoint.objects.get()


def page(story: Story, endpoint: WebhookEndpoint) -> str:
    return browser_of(story.administrator).get(reverse("webhook", args=[endpoint.pk])).content.decode()


def test_the_secret_is_shown_once(story: Story) -> None:
    browser = browser_of(story.administrator)
    assert "No webhook yet" in browser.get(LIST).content.decode()
    response = browser.post(NEW, GOOD)
    (secret,) = set(re.findall(r"whsec_[\w+/=]+", response.content.decode()))
    assert "no-store" in response["Cache-Control"]
    endpoint = WebhookEndpoint.objects.get()
    assert (endpoint.url, endpoint.verbs) == (GOOD["url"], ["approve", "submit"])
    for text in (browser.get(LIST).content.decode(), page(story, endpoint)):
        assert "Ticket system" in text
        assert secret not in text


@pytest.mark.parametrize(
    "wrong",
    [{"name": " "}, {"url": ""}, {"url": "http://x.example/"}, {"url": "https://a:b@x.example/"}, {"verbs": ["x"]}],
)
def test_mistakes_are_told_and_what_was_typed_is_kept(story: Story, wrong: dict[str, Any]) -> None:
    response = browser_of(story.administrator).post(NEW, {**GOOD, **wrong})
    assert response.status_code == 422
    assert {**GOOD, **wrong}["url"] in response.content.decode()
    assert not WebhookEndpoint.objects.exists()


def test_deliveries_are_seen_and_sent_again(story: Story) -> None:
    endpoint = made(story)
    order = story.order_in("support")
    text = page(story, endpoint)
    assert "order.submit" in text
    assert order.reference in text
    WebhookMessage.objects.update(state=MessageState.GIVEN_UP.value, last_error="tickets.example answered with 503.")
    assert "answered with 503" in page(story, endpoint)
    url = reverse("webhook_again", args=[WebhookMessage.objects.get().pk])
    browser = browser_of(story.administrator)
    assert browser.get(url).status_code == 405
    assert browser.post(url, follow=True).status_code == 200
    assert WebhookMessage.objects.get().state == "queued"
    assert "still waiting" in browser.post(url, follow=True).content.decode()


def test_days_are_sent_again(story: Story) -> None:
    story.order_in("approved")
    endpoint = made(story)
    browser, url = browser_of(story.administrator), reverse("webhook_replay", args=[endpoint.pk])
    said = browser.post(url, {"first": "2026-11-23", "last": "2026-11-23"}, follow=True).content.decode()
    assert "2 events are sent again" in said
    assert WebhookMessage.objects.count() == 2
    wrong = browser.post(url, {"first": "2026-11-23", "last": "2026-11-22"})
    assert wrong.status_code == 422
    assert "lies before the first" in wrong.content.decode()
    assert "2026-11-22" in wrong.content.decode()


def test_switching_off_asks_first(story: Story) -> None:
    endpoint = made(story)
    browser, url = browser_of(story.administrator), reverse("webhook_switch", args=[endpoint.pk, "off"])
    assert "given up" in browser.get(url).content.decode()
    assert WebhookEndpoint.objects.get().active
    browser.post(url)
    assert not WebhookEndpoint.objects.get().active
    assert "Switch on" in page(story, endpoint)
    browser.post(reverse("webhook_switch", args=[endpoint.pk, "on"]))
    assert WebhookEndpoint.objects.get().active
    assert browser.get(reverse("webhook_switch", args=[endpoint.pk, "away"])).status_code == 404


def test_administrators_alone(story: Story) -> None:
    endpoint = made(story)
    for path in (LIST, NEW, reverse("webhook", args=[endpoint.pk])):
        assert browser_of(story.support).get(path).status_code == 403


def test_pages_take_so_many_queries(story: Story, django_assert_max_num_queries: Any) -> None:
    endpoint = made(story, verbs=[])
    for _number in range(4):
        story.order_in("approval")
    browser = browser_of(story.administrator)
    browser.get(LIST)
    for path in (LIST, reverse("webhook", args=[endpoint.pk])):
        with django_assert_max_num_queries(14):
            browser.get(path)
