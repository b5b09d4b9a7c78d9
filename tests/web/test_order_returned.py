"""A returned order: only what was commented on is open, the rest is kept and can be opened."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from accounts.models import Event, Order
from tests.story import PURPOSE, Story
from tests.web.form import check, edit
from tests.web.visitors import browser_of

BETTER = "We import surplus valves from Maximo every week for customer Brattholm, contract B-12."


@pytest.fixture
def ingrid(story: Story) -> Client:
    return browser_of(story.ingrid)


def returned(story: Story, **comments: str) -> Order:
    order = story.draft()
    story.do(order, "submit", "ingrid")
    said = {f"comment_{name}": text for name, text in comments.items()} or {"comment": "Say more about all of it."}
    story.do(order, "return", "support", **said)
    return Order.objects.get(pk=order.pk)


def inputs(page: str) -> set[str]:
    names = ("organisation_name", "organisation_number", "role", "environments", "system", "purpose",
             "technical_name", "technical_email", "owner_name", "owner_email")  # fmt: skip
    return {name for name in names if f' name="{name}"' in page}


def test_only_the_returned_fields_are_open_and_the_rest_is_read(story: Story, ingrid: Client) -> None:
    order = returned(story, purpose="Which project?", owner_email="Name a second person.")
    page = ingrid.get(edit(order)).content.decode()
    assert inputs(page) == {"purpose", "owner_email"}
    assert page.count("lp-fieldnote") == 2
    assert "Update these 2 fields" in page
    assert "tor@nordsjo.example" in page
    assert f"{edit(order)}?open=system#id_system" in page


@pytest.mark.parametrize(("asked", "more"), [("system", {"system"}), ("system,role", {"system", "role"}), ("x", set())])
def test_another_answer_can_be_opened(story: Story, ingrid: Client, asked: str, more: set[str]) -> None:
    order = returned(story, purpose="Which project?")
    assert inputs(ingrid.get(f"{edit(order)}?open={asked}").content.decode()) == {"purpose", *more}


def test_all_of_them_can_be_opened(story: Story, ingrid: Client) -> None:
    order = returned(story, purpose="Which project?")
    assert len(inputs(ingrid.get(f"{edit(order)}?open=all").content.decode())) == 10


def test_a_comment_on_the_whole_leaves_every_field_open(story: Story, ingrid: Client) -> None:
    assert len(inputs(ingrid.get(edit(returned(story))).content.decode())) == 10


def test_what_is_closed_keeps_its_answer_whatever_is_posted(story: Story, ingrid: Client) -> None:
    order = returned(story, purpose="Which project?")
    typed: dict[str, Any] = {"open": "purpose", "purpose": BETTER, "system": "Smuggled", "environments": ["PRODUCTION"]}
    assert ingrid.post(edit(order), typed)["Location"] == check(order)
    order.refresh_from_db()
    assert (order.purpose, order.system, order.as_seller) == (BETTER, "SAP", True)
    assert [environment.name for environment in order.environments.all()] == ["TEST"]


def test_what_was_opened_is_saved_and_stays_open_after_an_error(story: Story, ingrid: Client) -> None:
    order = returned(story, purpose="Which project?")
    answer = ingrid.post(edit(order), {"open": "purpose,system", "purpose": BETTER, "system": ""})
    assert answer.status_code == 422
    assert inputs(answer.content.decode()) == {"purpose", "system"}
    ingrid.post(edit(order), {"open": "purpose,system", "purpose": BETTER, "system": "Maximo"})
    order.refresh_from_db()
    assert order.system == "Maximo"


def test_a_closed_answer_that_is_wrong_opens_everything(story: Story, ingrid: Client) -> None:
    order = returned(story, system="Which one?")
    Order.objects.filter(pk=order.pk).update(owner_email="nobody")
    answer = ingrid.post(edit(order), {"open": "system", "system": "Maximo"})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert len(inputs(page)) == 10
    assert 'href="#id_owner_email"' in page
    assert 'value="Maximo"' in page


def test_saving_a_draft_of_it_keeps_open_what_was_open(story: Story, ingrid: Client) -> None:
    order = returned(story, purpose="Which project?")
    answer = ingrid.post(edit(order), {"open": "purpose,system", "purpose": BETTER, "system": "", "save": "draft"})
    assert inputs(ingrid.get(answer["Location"]).content.decode()) == {"purpose", "system"}


def test_the_check_page_leads_to_the_field_also_when_it_is_closed(story: Story, ingrid: Client) -> None:
    order = returned(story, purpose="Which project?")
    ingrid.post(edit(order), {"open": "purpose", "purpose": BETTER})
    page = ingrid.get(check(order)).content.decode()
    assert f"{edit(order)}?open=owner_name#id_owner_name" in page
    ingrid.post(check(order), {"version": order.version, "comment": "Named the customer."})
    changed = Event.objects.get(subject_id=order.pk, verb="resubmit").data["changed"]
    assert changed == {"purpose": [PURPOSE, BETTER]}
