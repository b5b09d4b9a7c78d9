"""A provider by webhook answers: signed, once, in time, and with what was asked for."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from standardwebhooks import Webhook

from accounts.actions import new_secret, setup
from accounts.actions.secrets import opened
from accounts.models import Event, Operation, Order
from accounts.models.setup import Setup
from tests.actions.connecting import Connected, connected, states
from tests.actions.tools import at_once, contents
from tests.gateways.vendor import SECRET, Vendor, vendor_running
from tests.story import Story

pytestmark = pytest.mark.django_db


@pytest.fixture
def vendor() -> Iterator[Vendor]:
    with vendor_running() as found:
        yield found


@pytest.fixture
def on(story: Story, vendor: Vendor) -> Iterator[Connected]:
    """TEST by a vendor's system; the clock of the portal is that of this machine, as the vendor's is."""
    story.now = datetime.now(UTC)
    with connected(story) as found:
        found.by_webhook(story.test, vendor)
        yield found


def post(story: Story, body: bytes, headers: dict[str, str], **changed: str) -> Any:
    sent = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()} | changed
    path = f"/api/v1/provider/{story.test.pk}/callback"
    return Client().post(path, body, content_type="application/json", **sent)


def answered(story: Story, vendor: Vendor, asked: Operation, **said: Any) -> Any:
    return post(story, *vendor.signed({**vendor.answers[str(asked.pk)], **said}))


def the_operation() -> Operation:
    return Operation.objects.get()


def test_an_order_is_set_up_by_a_signed_answer(story: Story, vendor: Vendor, on: Connected) -> None:
    order = story.order_in("cegal_setup")
    assert on.work() == {"opened": 1, "asked": 1}
    operation = the_operation()
    ((id, said),) = vendor.got
    assert id == said["data"]["operation"] == str(operation.pk)
    assert said["type"] == "provider.set_up"
    assert said["data"]["callback_url"].endswith(f"/api/v1/provider/{story.test.pk}/callback")
    response = answered(story, vendor, operation)
    assert (response.status_code, response.json()) == (200, {"operation": str(operation.pk), "replayed": False})
    assert on.work(minutes=1) == {"done": 1}
    account = order.accounts.get()
    (client,) = vendor.clients.values()
    ((key, row),) = client["keys"].items()
    credential = account.credentials.get()
    assert (account.client_id, credential.key_id, opened(credential)) == (client["client_id"], key, row["secret"])
    done = Event.objects.get(subject_id=order.pk, verb="complete_setup")
    assert done.actor_name == "Cegal’s system (TEST)"


def test_no_answer_is_asked_for_again_with_the_same_id(story: Story, vendor: Vendor, on: Connected) -> None:
    story.order_in("cegal_setup")
    on.work()
    assert on.work(minutes=50) == {}
    assert on.work(minutes=20) == {"asked": 1}
    assert len({id for id, _said in vendor.got}) == 1
    assert len(vendor.clients) == 1
    for _day in range(5):
        on.work(days=1)
    assert states() == [("set_up", "failed")]


def test_an_answer_that_comes_late_still_counts(story: Story, vendor: Vendor, on: Connected) -> None:
    order = story.order_in("cegal_setup")
    for _day in range(5):
        on.work(days=1)
    assert states() == [("set_up", "failed")]
    assert answered(story, vendor, the_operation()).status_code == 200
    on.work(minutes=1)
    assert Order.objects.get(pk=order.pk).state == "credential_issue"


def test_the_same_answer_again_changes_nothing_and_another_is_refused(
    story: Story, vendor: Vendor, on: Connected
) -> None:
    story.order_in("cegal_setup")
    on.work()
    said = vendor.answers[str(the_operation().pk)]
    body, headers = vendor.signed(said)
    assert post(story, body, headers).json()["replayed"] is False
    before = contents()
    assert post(story, body, headers).json()["replayed"] is True
    other = post(story, *vendor.signed({**said, "client_secret": "another"}))
    assert other.status_code == 409
    assert contents() == before
    on.work()
    assert post(story, body, headers).json()["replayed"] is True


@pytest.mark.parametrize("how", ["secret", "body", "missing", "old", "new", "nonsense", "other environment"])
def test_a_wrong_signature_is_401_and_changes_nothing(story: Story, vendor: Vendor, on: Connected, how: str) -> None:
    story.order_in("cegal_setup")
    on.work()
    said = vendor.answers[str(the_operation().pk)]
    body, headers = vendor.signed(
        said, secret="whsec_" + "YW5vdGhlci1zZWNyZXQtdGhhdC1pcy1sb25n" if how == "secret" else SECRET
    )
    if how == "body":
        body = body.replace(b"done", b"Done")
    if how == "missing":
        headers = {}
    if how == "nonsense":
        headers = {**headers, "webhook-signature": "v1 x,y,z v1,***"}
    before = contents()
    later = {"old": 10, "new": -10}.get(how, 0)
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=later), tick=False):
        if how == "other environment":
            story.test = story.production
        response = post(story, body, headers)
    assert response.status_code == 401, response.content
    assert "signature" in response.json()["detail"]
    assert contents() == before


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ({"outcome": "maybe"}, 422), ({"client_secret": ""}, 422), ({"client_secret": 7}, 422),
        ({"client_id": ""}, 422), ({"client_secret": "x" * 501}, 422), ({"expires_on": "soon"}, 422),
        ({"surprise": "x"}, 422),
        ({"operation": "x"}, 422), ({"operation": str(uuid.uuid4())}, 422), ({"outcome": "refused"}, 422),
        ({"client_id": "a\0b"}, 422), ({"key_id": "\ud800"}, 422), ({"\ud800": "x"}, 422),
        ({"outcome": "refused", "reason": "\udfff"}, 422),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_said(
    story: Story, vendor: Vendor, on: Connected, said: dict[str, Any], status: int
) -> None:
    story.order_in("cegal_setup")
    on.work()
    before = contents()
    response = answered(story, vendor, the_operation(), **said)
    assert response.status_code == status
    assert len(response.json()["detail"]) > 15
    assert contents() == before


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff\xfe", b"[" * 9000])
def test_a_body_that_is_no_object(story: Story, vendor: Vendor, on: Connected, body: bytes) -> None:
    id, at = "msg_1", datetime.now(UTC)
    text = body.decode(errors="replace")
    headers = {"webhook-id": id, "webhook-timestamp": str(int(at.timestamp())),
               "webhook-signature": Webhook(SECRET).sign(id, at, text)}  # fmt: skip
    assert post(story, body, headers).status_code in (401, 422)


def test_a_body_that_is_too_long_is_not_read(story: Story, vendor: Vendor, on: Connected) -> None:
    assert post(story, b"x" * 20_000, {}).status_code == 413


@pytest.mark.parametrize("length", ["9" * 5000, "-1", "\u0663", "1e3", ""])
def test_a_length_that_is_none_is_not_believed(story: Story, vendor: Vendor, on: Connected, length: str) -> None:
    assert post(story, b"{}", {}, CONTENT_LENGTH=length).status_code in (401, 413)


def test_what_people_finished_by_hand_takes_no_answer(story: Story, vendor: Vendor, on: Connected) -> None:
    order = story.order_in("cegal_setup")
    on.work()
    own = [Setup(story.test, "by-hand", "secret-by-hand")]
    setup.complete_setup(order, setups=own, by=story.actor("cegal"), now=story.now)
    before = contents()
    assert answered(story, vendor, the_operation()).status_code == 409
    assert on.work(minutes=1) == {}
    assert contents() == before
    assert opened(order.accounts.get().credentials.get()) == "secret-by-hand"


@pytest.mark.django_db(transaction=True)
def test_three_answers_at_once_are_one(vendor: Vendor) -> None:
    story = Story(datetime.now(UTC))
    with connected(story) as on:
        on.by_webhook(story.test, vendor)
        order = story.order_in("cegal_setup")
        on.work()
        asked = the_operation()
        said = at_once(3, lambda place: answered(story, vendor, asked, client_secret=f"secret-{place}").status_code)
        assert sorted(said, key=str) == [200, 409, 409]
        on.work(minutes=1)
        assert opened(order.accounts.get().credentials.get()) == f"secret-{said.index(200)}"


def test_a_refusal_is_for_people(story: Story, vendor: Vendor, on: Connected) -> None:
    story.account_in("suspended")  # the vendor does not know it
    on.work()
    assert answered(story, vendor, the_operation()).status_code == 200
    operation = the_operation()
    assert operation.state == "failed"
    assert operation.sentence["params"]["reason"] == "There is no such client."
    assert answered(story, vendor, operation).status_code == 409


def test_a_secret_must_be_of_the_client_that_was_asked_for(story: Story, vendor: Vendor, on: Connected) -> None:
    account = story.account()
    vendor.clients["x"] = {"client_id": account.client_id, "enabled": True, "keys": {}}
    new_secret.ask_for_new_secret(account, by=story.actor("support"), now=story.now)
    on.work()
    assert answered(story, vendor, the_operation(), client_id="another").status_code == 422
    assert answered(story, vendor, the_operation()).status_code == 200
    on.work(minutes=1)
    assert account.credentials.get().key_id in vendor.clients["x"]["keys"]


def test_no_secret_in_an_answer_a_log_or_an_event(
    story: Story, vendor: Vendor, on: Connected, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    story.order_in("cegal_setup", environments=("TEST", "PRODUCTION"))
    on.work()
    response = answered(story, vendor, the_operation())
    on.work()
    text = (
        caplog.text + repr(contents()) + response.content.decode() + json.dumps(response.headers.__dict__, default=str)
    )
    (client,) = vendor.clients.values()
    for secret in (SECRET, *(row["secret"] for row in client["keys"].values())):
        assert secret not in text
