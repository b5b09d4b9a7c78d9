"""transition: any verb as a person, through the rules of every door."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from accounts.models import Account, Event, Order
from tests.commands.running import refused, run
from tests.story import NOW, Story


def do(subject: object, verb: str, email: str, *more: str, **options: Any) -> str:
    return run("transition", str(subject), *verb.split(" "), "--as", email, *more, at=NOW, **options)


def told(subject: object, verb: str, email: str, *more: str, **options: Any) -> str:
    return refused("transition", str(subject), verb, "--as", email, *more, at=NOW, **options)


def test_a_whole_order_is_played(story: Story, tmp_path: Path) -> None:
    order = story.draft()
    setup = {"client_id__TEST": "client-test-1", "client_secret__TEST": "a secret that stands in no argument"}
    (tmp_path / "setup.json").write_text(json.dumps(setup))
    issue = {"loop_reference__TEST": "LOOP-1", "override": True, "comment": "No network here."}
    assert do(order, "submit", "Ingrid@nordsjo.example").splitlines()[0] == (
        f"{order}: Ingrid Solheim sent the order (draft -> support)."
    )
    do(order.reference.lower(), "send for approval", "marte@support.example")
    do(order, "approve", "henrik@loop.example", "--comment", "Fine.")
    do(order, "Send-to-Cegal", "marte@support.example")
    do(order, "complete_setup", "silje@cegal.example", "--data", str(tmp_path / "setup.json"))
    do(order, "issue-credentials", "marte@support.example", "--data", "-", stdin=json.dumps(issue).encode())
    order = Order.objects.get(pk=order.pk)
    assert order.state == "issued"
    assert Account.objects.get(order=order).state == "active"
    approved = Event.objects.get(subject_id=order.pk, verb="approve")
    assert (approved.actor_name, approved.comment, approved.at) == ("Henrik Aasen", "Fine.", NOW)


def test_an_account_by_its_client_id(story: Story) -> None:
    story.account(client_id="alpha")
    story.account(client_id="beta", environment=story.production)
    story.account(client_id="beta")
    do("alpha", "suspend", "marte@support.example", "--comment", "A leaked secret.")
    assert "is in several environments. Write one of: beta@" in told("beta", "close", "marte@support.example")
    do("beta@production", "close", "ingrid@nordsjo.example", "--comment", "Not needed any more.")
    states = set(Account.objects.values_list("client_id", "environment__name", "state"))
    assert states == {
        ("alpha", "TEST", "suspended"), ("beta", "PRODUCTION", "closed"), ("beta", "TEST", "active"),
    }  # fmt: skip


def test_refusals_are_those_of_every_door(story: Story) -> None:
    order = story.order_in("approval")
    assert "Only service responsible can do this" in told(order, "approve", "marte@support.example")
    assert told(order, "submit", "ingrid@nordsjo.example").startswith("“Send the order” is not possible any more")
    assert told(order, "reject", "henrik@loop.example") == "comment: Write a reason."
    assert "There is no verb “promote”. Known: submit, " in told(order, "promote", "marte@support.example")
    assert Order.objects.get(pk=order.pk).state == "approval"


def test_a_stranger_finds_nothing(story: Story) -> None:
    order = story.order_in("support")
    nothing = f"Nothing found for “{order}”. Write an order’s reference (LA-2026-0142), a client id, or"
    assert nothing in told(order, "withdraw", "stranger@elsewhere.example")
    assert nothing in told(order, "hand-back", "silje@cegal.example", "--comment", "x")
    assert "Nothing found for “LA-1999-0001”" in told("LA-1999-0001", "approve", "henrik@loop.example")


def test_people_who_may_not(story: Story) -> None:
    order = story.order_in("support")
    assert told(order, "reject", "nobody@loop.example").startswith("Nobody is known as nobody@loop.example.")
    story.support.is_active = False
    story.support.save()
    assert told(order, "reject", "marte@support.example") == "marte@support.example may not do anything any more."


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ("{", "--data is no JSON (line 1)."),
        ("\ufeff[]", "--data must be one JSON object"),
        ("[1]", "--data must be one JSON object"),
        ('{"day": "2026-12-01"}', "“return” asks for no day. What it asks for: comment, answer_by"),
        ('{"answer_by": "soon", "comment": "Why?"}', "answer_by: Enter a valid date."),
        ('{"x": "' + "x" * (1 << 20) + '"}', "--data is larger than a megabyte"),
    ],
)
def test_data_that_make_no_sense(story: Story, data: str, sentence: str) -> None:
    order = story.order_in("support")
    assert sentence in told(order, "return", "marte@support.example", "--data", "-", stdin=data.encode())
    assert Order.objects.get(pk=order.pk).state == "support"


def test_a_comment_that_nobody_would_keep_is_refused(story: Story) -> None:
    order = story.draft()
    said = told(order, "submit", "ingrid@nordsjo.example", "--comment", "Please hurry.")
    assert said == "“submit” asks for no comment. What it asks for: none."
