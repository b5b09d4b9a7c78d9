"""One table of verbs for every door: each row with a button has its form, its action and its words."""

from __future__ import annotations

import inspect
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts import verbs
from accounts.delivery.kinds import KINDS, STAGE_REMINDER
from accounts.forms.verbs import VerbForm
from accounts.lifecycle.transition import Table
from accounts.models import Account, Order
from tests.architecture.source import ROOT
from tests.story import Story

TABLES = [pytest.param(*verbs.TABLES[subject], id=subject.__name__) for subject in (Order, Account)]
Verbs = dict[str, verbs.Verb]


@pytest.mark.parametrize(("table", "known"), TABLES)
def test_every_row_with_a_button_has_a_verb_and_no_other_has(table: Table, known: Verbs) -> None:
    assert set(known) == {row.verb for row in table if not row.automatic}


@pytest.mark.parametrize(("table", "known"), TABLES)
def test_every_verb_has_a_form_an_action_and_its_words(table: Table, known: Verbs) -> None:
    for name, verb in known.items():
        assert issubclass(verb.form, VerbForm), name
        assert callable(verb.action), name
        assert verb.action.__doc__, f"{name}: the action says what it does"
        assert str(verb.explains).endswith("."), f"{name}: the confirm page says what will happen, in a sentence"
        assert str(verb.said).endswith("."), f"{name}: afterwards a sentence says what happened"


@pytest.mark.parametrize(("table", "known"), TABLES)
def test_a_row_that_needs_a_reason_has_a_form_that_asks_for_one(table: Table, known: Verbs) -> None:
    for row in table:
        if row.comment_needed:
            assert known[row.verb].form.base_fields["comment"].required, row.verb


STATES = {
    "submit": "draft", "resubmit": "returned", "withdraw": "support", "reopen": "withdrawn", "return": "support",
    "send_for_approval": "support", "approve": "approval", "reject": "approval", "send_to_cegal": "approved",
    "hand_back": "cegal_setup", "complete_setup": "cegal_setup", "issue_credentials": "credential_issue",
    "keep": "notified", "hold": "active", "lift_hold": "active", "suspend": "active", "close": "active",
}  # fmt: skip


def test_every_form_gives_what_its_action_takes(story: Story) -> None:
    """A form's arguments are keyword arguments of the action: neither unknown ones nor too few."""
    for subject in (Order, Account):
        for name, verb in verbs.TABLES[subject][1].items():
            state = STATES[name]
            row = story.order_in(state) if subject is Order else story.account_in(state)
            data = {**(story.data_for(row, name) if subject is Order else {}), "comment": "Because."}
            data |= {"until": timezone.localdate() + timedelta(days=30)} if name == "hold" else {}
            form = verb.form(data, subject=row)
            assert form.is_valid(), (name, form.errors)
            inspect.signature(verb.action).bind(row, by=None, now=None, **form.arguments())


@pytest.mark.parametrize(("table", "known"), TABLES)
def test_every_mail_that_a_row_owes_is_in_the_catalogue_and_has_its_templates(table: Table, known: Verbs) -> None:
    for row in table:
        for tell in row.tells:
            assert tell.kind in KINDS, f"{row.verb} owes a mail that the post room does not know"


def test_every_kind_of_mail_has_its_three_templates() -> None:
    for kind in (*KINDS, STAGE_REMINDER):
        for ending in ("subject.txt", "txt", "html"):
            assert (ROOT / "templates" / "mail" / f"{kind}.{ending}").is_file(), f"{kind}.{ending}"


def test_a_verb_is_named_once_also_across_both_tables() -> None:
    assert not set(verbs.ORDER_VERBS) & set(verbs.ACCOUNT_VERBS)
