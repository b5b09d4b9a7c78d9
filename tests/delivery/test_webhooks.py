"""Webhooks: owed with the event, signed, delivered once it works again, given up visibly, sent again and replayed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from standardwebhooks import Webhook

from accounts.actions import webhooks
from accounts.delivery import deliver_due
from accounts.delivery.webhooks import GIVE_UP_AFTER, deliver_webhooks
from accounts.gateways.client import GuardedClient
from accounts.lifecycle.actor import SYSTEM
from accounts.lifecycle.errors import NotAllowed, NotReady
from accounts.models import Event, Message, WebhookEndpoint, WebhookMessage
from tests.delivery.receiver import Receiver, receiving
from tests.story import NOW, Story

pytestmark = pytest.mark.django_db


@pytest.fixture
def receiver(settings: Any) -> Iterator[Receiver]:
    settings.WEBHOOK_PRIVATE_ADDRESSES = True
    with receiving() as found:
        yield found


@pytest.fixture
def client() -> Iterator[GuardedClient]:
    with GuardedClient(allow_private=True) as found:
        yield found


def endpoint(story: Story, url: str, *verbs: str) -> webhooks.NewEndpoint:
    return webhooks.make("Ticket system", url, verbs=verbs, by=story.actor("administrator"), now=NOW)


class TestOwed:
    def test_with_the_event_and_for_what_the_endpoint_wants(self, story: Story, receiver: Receiver) -> None:
        everything = endpoint(story, receiver.url).endpoint
        some = endpoint(story, receiver.url, "approve").endpoint
        order = story.order_in("approved")
        account = story.account()
        told = WebhookMessage.objects.filter(endpoint=everything).order_by("event_id")
        assert [m.event.verb for m in told] == ["submit", "send_for_approval", "approve", "import"]
        assert {m.event.subject_id for m in told} == {order.pk, account.pk}
        assert [m.event.verb for m in WebhookMessage.objects.filter(endpoint=some)] == ["approve"]

    def test_nobody_is_told_of_a_draft_or_when_switched_off(self, story: Story, receiver: Receiver) -> None:
        made = endpoint(story, receiver.url).endpoint
        story.draft()
        assert not WebhookMessage.objects.exists()
        webhooks.set_active(made, False, by=story.actor("administrator"), now=NOW)
        story.order_in("support")
        assert not WebhookMessage.objects.exists()

    def test_all_or_none(self, story: Story, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
        endpoint(story, receiver.url)
        order = story.draft()
        from accounts import outbox

        def fails(*_args: object, **_more: object) -> None:
            raise RuntimeError

        monkeypatch.setattr(outbox, "call", fails)
        with pytest.raises(RuntimeError):
            story.do(order, "submit", "ingrid")
        assert Event.objects.filter(subject_id=order.pk).count() == 1


class TestDelivered:
    def test_signed_so_that_the_specifications_library_takes_it(
        self, story: Story, receiver: Receiver, client: GuardedClient
    ) -> None:
        made = endpoint(story, receiver.url)
        order = story.order_in("support")
        now = datetime.now(UTC)
        assert deliver_webhooks(now, client=client) == {"delivered": 1}
        (headers, body), message = receiver.got[0], WebhookMessage.objects.get()
        said = Webhook(made.secret).verify(body, headers)
        assert said["type"] == "order.submit"
        assert said["data"] == {"seq": 2, "from": "draft", "to": "support", "order": {"reference": order.reference}}
        assert headers["webhook-id"] == str(message.pk)
        assert (message.state, message.delivered_at, message.attempts) == ("delivered", now, 1)
        assert deliver_webhooks(now, client=client) == {}

    def test_another_secret_does_not_fit(self, story: Story, receiver: Receiver, client: GuardedClient) -> None:
        from standardwebhooks import WebhookVerificationError

        endpoint(story, receiver.url)
        story.order_in("support")
        deliver_webhooks(datetime.now(UTC), client=client)
        other = endpoint(story, receiver.url).secret
        headers, body = receiver.got[0]
        with pytest.raises(WebhookVerificationError):
            Webhook(other).verify(body, headers)

    def test_it_tells_neither_who_nor_what_they_wrote(
        self, story: Story, receiver: Receiver, client: GuardedClient
    ) -> None:
        endpoint(story, receiver.url)
        story.order_in("rejected")
        deliver_webhooks(NOW, client=client)
        text = b"".join(body for _headers, body in receiver.got).decode()
        assert [json.loads(body)["type"] for _headers, body in receiver.got] == ["order.submit", "order.reject"]
        for private in ("Marte", "Ingrid", "Not a customer"):
            assert private not in text


class TestFailing:
    @pytest.mark.parametrize("status", [500, 404, 429, 301])
    def test_it_is_tried_again_after_pauses_that_grow(
        self, story: Story, receiver: Receiver, client: GuardedClient, status: int
    ) -> None:
        receiver.status, receiver.location = status, receiver.url + "/elsewhere" if status == 301 else ""
        made = endpoint(story, receiver.url).endpoint
        story.order_in("support")
        now, pauses = NOW, []
        for _attempt in range(4):
            assert deliver_webhooks(now, client=client) == {"postponed": 1}
            due_at = WebhookMessage.objects.get().due_at
            pauses.append(due_at - now)
            assert deliver_webhooks(due_at - timedelta(seconds=1), client=client) == {}
            now = due_at
        assert pauses == sorted(pauses)
        assert pauses[0] < pauses[-1]
        assert len(receiver.got) == 4, "one request each: no redirect was followed"
        assert WebhookEndpoint.objects.get().failing_since == NOW
        receiver.status = 200
        assert deliver_webhooks(now, client=client) == {"delivered": 1}
        made.refresh_from_db()
        assert made.failing_since is None
        assert len({headers["webhook-id"] for headers, _body in receiver.got}) == 1

    def test_it_is_given_up_and_says_why(self, story: Story, receiver: Receiver, client: GuardedClient) -> None:
        receiver.status = 503
        endpoint(story, receiver.url)
        story.order_in("support")
        assert deliver_webhooks(NOW + GIVE_UP_AFTER, client=client) == {"given_up": 1}
        message = WebhookMessage.objects.get()
        assert (message.state, message.last_error) == ("given_up", "127.0.0.1 answered with 503.")

    def test_one_that_is_down_does_not_hold_up_the_others(
        self, story: Story, receiver: Receiver, client: GuardedClient
    ) -> None:
        down = endpoint(story, "http://127.0.0.1:9/").endpoint
        endpoint(story, receiver.url)
        story.order_in("cegal_setup")
        counts = deliver_webhooks(NOW, client=client)
        assert counts == {"delivered": 4, "postponed": 4}
        assert sorted(WebhookMessage.objects.filter(endpoint=down).values_list("attempts", flat=True)) == [0, 0, 1, 1]

    def test_private_addresses_are_refused(self, story: Story, receiver: Receiver, settings: Any) -> None:
        endpoint(story, receiver.url)
        WebhookEndpoint.objects.update(url="https://127.0.0.1/")
        settings.WEBHOOK_PRIVATE_ADDRESSES = False
        story.order_in("support")
        with GuardedClient(allow_private=False) as strict:
            assert deliver_webhooks(NOW, client=strict) == {"postponed": 1}
        assert "not public" in WebhookMessage.objects.get().last_error
        assert receiver.got == []

    def test_after_days_the_endpoint_is_switched_off(
        self, story: Story, receiver: Receiver, client: GuardedClient, mailoutbox: list[Any]
    ) -> None:
        receiver.status = 500
        made = endpoint(story, receiver.url).endpoint
        story.order_in("support")
        deliver_webhooks(NOW, client=client)
        late = NOW + webhooks.DISABLE_AFTER
        assert webhooks.disable_failing(by=SYSTEM, now=late - timedelta(seconds=1)) == 0
        assert webhooks.disable_failing(by=SYSTEM, now=late) == 1
        made.refresh_from_db()
        assert not made.active
        mail = Message.objects.get(kind="webhook_disabled")
        assert mail.to_email == story.administrator.email
        deliver_due(late)
        assert "Ticket system" in mailoutbox[-1].subject
        assert made.url in mailoutbox[-1].body
        assert Event.objects.filter(subject_id=made.pk).order_by("-seq")[0].verb == "disable"
        assert deliver_webhooks(late, client=client) == {"given_up": 1}


class TestAgain:
    def test_send_again_keeps_the_id(self, story: Story, receiver: Receiver, client: GuardedClient) -> None:
        endpoint(story, receiver.url)
        story.order_in("support")
        message = WebhookMessage.objects.get()
        with pytest.raises(NotReady):
            webhooks.send_again(message, by=story.actor("administrator"), now=NOW)
        deliver_webhooks(NOW, client=client)
        message.refresh_from_db()
        with pytest.raises(NotAllowed):
            webhooks.send_again(message, by=story.actor("support"), now=NOW)
        webhooks.send_again(message, by=story.actor("administrator"), now=NOW)
        deliver_webhooks(NOW, client=client)
        assert [headers["webhook-id"] for headers, _body in receiver.got] == [str(message.pk)] * 2

    def test_a_range_with_what_it_was_never_told_of(
        self, story: Story, receiver: Receiver, client: GuardedClient
    ) -> None:
        story.order_in("approval")
        made = endpoint(story, receiver.url, "submit").endpoint
        story.order_in("support")
        deliver_webhooks(NOW, client=client)
        assert len(receiver.got) == 1
        by = story.actor("administrator")
        assert webhooks.replay(made, NOW, NOW, by=by, now=NOW) == 2
        deliver_webhooks(NOW, client=client)
        assert len(receiver.got) == 3
        later = NOW + timedelta(days=1)
        assert webhooks.replay(made, later, later, by=by, now=NOW) == 0
        with pytest.raises(NotReady):
            webhooks.replay(made, later, NOW, by=by, now=NOW)


class TestMade:
    def test_the_secret_is_sealed(self, story: Story, receiver: Receiver) -> None:
        made = endpoint(story, receiver.url)
        assert made.secret.startswith("whsec_")
        row = WebhookEndpoint.objects.get()
        assert made.secret not in str(vars(row))
        assert made.secret not in str(list(Event.objects.values()))

    @pytest.mark.parametrize(
        "url", ["http://hooks.example/", "ftp://x.example", "https://u:p@x.example/", "x", "https://"]
    )
    def test_addresses_that_cannot_be(self, story: Story, url: str) -> None:
        with pytest.raises(NotReady):
            endpoint(story, url)
        assert not WebhookEndpoint.objects.exists()

    def test_administrators_alone(self, story: Story) -> None:
        with pytest.raises(NotAllowed):
            webhooks.make("x", "https://x.example/", verbs=[], by=story.actor("support"), now=NOW)


def test_two_workers_send_it_once(story: Story, receiver: Receiver, client: GuardedClient) -> None:
    from accounts.delivery import claim

    endpoint(story, receiver.url)
    story.order_in("support")
    taken = claim.take(NOW, 20, WebhookMessage)
    assert taken is not None
    with time_machine.travel(NOW, tick=False):
        assert deliver_webhooks(NOW, client=client) == {}
    assert deliver_webhooks(NOW + claim.LEASE, client=client) == {"delivered": 1}
    assert len(receiver.got) == 1
