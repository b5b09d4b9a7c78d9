"""The decision panel: exactly the verbs that this person may start now, and the step before one is carried out.

The panel posts to the page it stands on. What was typed is checked and shown once more; the button there
posts to the shared door of the verb.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts import verbs
from accounts.forms.order import FIELD_LABELS
from accounts.forms.returning import WHOLE, ReturnForm
from accounts.forms.verbs import VerbForm
from accounts.lifecycle import transition
from accounts.lifecycle.actor import Actor
from accounts.lifecycle.orders import ORDER
from accounts.lifecycle.transition import Transition
from accounts.models import Order
from accounts.words import say

INSERT = "insert"
"""The name of the buttons that put a reason of the catalogue into a comment; the value says into which."""

ELSEWHERE = frozenset({"complete_setup"})
"""Verbs with a page of their own: a secret must not pass through a page that shows what was typed."""


@dataclass(frozen=True)
class Pick:
    """Something that a return can comment on; ``picked``: its box stands open."""

    name: str
    label: str
    comment: forms.BoundField
    reason: forms.BoundField
    picked: bool

    @property
    def has_reasons(self) -> bool:
        """Does the catalogue know a reason for it?"""
        return len(self.reason.field.choices) > 1  # type: ignore[attr-defined]  # a choice field


@dataclass(frozen=True)
class Option:
    """One verb in the panel. ``why_not`` is the sentence of a duty that keeps this person from it."""

    value: str
    label: str
    hint: str
    form: VerbForm | None = None
    checked: bool = False
    why_not: str = ""

    @property
    def fields(self) -> list[forms.BoundField]:
        """The fields that are always asked for; those of ``picks`` stand with what they are about."""
        if isinstance(self.form, ReturnForm):
            return [self.form["answer_by"]]
        return self.form.visible_fields() if self.form else []

    @property
    def picks(self) -> list[Pick]:
        """What a return can comment on: each field of the order form, and the order as a whole."""
        if not isinstance(self.form, ReturnForm):
            return []
        form, picked = self.form, self.form.picked
        whole = Pick(WHOLE, _("The order as a whole"), form["comment"], form["reason_order"], True)
        fields = [Pick(name, str(label), form[f"comment_{name}"], form[f"reason_{name}"], name in picked)
                  for name, label in FIELD_LABELS.items()]  # fmt: skip
        return [*fields, whole]


def options(order: Order, by: Actor, chosen: str = "", data: Mapping[str, Any] | None = None) -> list[Option]:
    """The verbs that duties keep from ``by``; then those open to them, in the table's order, each with its form.

    ``chosen`` with ``data`` fills that verb's form. Without a choice the first open one is marked. A press of
    "Insert" beside a reason of the catalogue puts it into its comment, and nothing is judged yet.
    """
    open_rows = [row for row in verbs.open_to(order, by) if row.verb not in ELSEWHERE]
    first = chosen if chosen in {row.verb for row in open_rows} else open_rows[0].verb if open_rows else ""
    offered = [_option(order, row, row.verb == first, data if row.verb == chosen else None) for row in open_rows]
    return _kept_from(order, by) + offered


def chosen_form(found: list[Option], verb: str) -> VerbForm | None:
    """The filled-in form of the verb that was chosen, None when it is not among the open ones."""
    return next((option.form for option in found if option.value == verb and option.form is not None), None)


def written(verb: str, data: Mapping[str, Any]) -> list[str]:
    """The texts that somebody wrote for ``verb``; never what is no comment, it may be a secret."""
    texts = (str(value).strip() for name, value in data.items() if name.startswith(f"{verb}-comment"))
    return [text for text in texts if text]


def confirmation(order: Order, verb: str, form: VerbForm, seen: str) -> dict[str, Any]:
    """What the page before the last button shows: what happens, what was typed, and the fields to send along."""
    row, held = verbs.row_of(order, verb), verbs.verb_of(order, verb)
    return {
        "label": say(row.label),
        "explains": say(held.explains),
        "danger": held.danger,
        "typed": [{"term": label, **_shown(value)} for label, value in form.told() if value],
        "hidden": [
            {"name": "version", "value": seen},
            *({"name": name, "value": value} for name, value in form.sent_along() if value),
        ],
        "action": reverse("order_verb", args=[order.reference, verb]),
    }


def _option(order: Order, row: Transition, checked: bool, data: Mapping[str, Any] | None) -> Option:
    verb = verbs.verb_of(order, row.verb)
    form = verb.form(data, subject=order, prefix=row.verb)
    if isinstance(form, ReturnForm) and data is not None and (insert := data.get(INSERT)):
        form = verb.form(subject=order, prefix=row.verb, initial=form.inserted(insert))
    return Option(row.verb, say(row.label), say(verb.explains), form, checked)


def _kept_from(order: Order, by: Actor) -> list[Option]:
    """The verbs of this person's roles that the separation of duties keeps from them, with its sentence."""
    facts = verbs.facts_of(order, by)
    mine = transition.offered_to(ORDER, order.state, facts)
    refused = [(row, transition.first_said(row.duties, facts)) for row in mine]
    return [Option(row.verb, say(row.label), "", why_not=say(said)) for row, said in refused if said is not None]


def _shown(value: Any) -> dict[str, Any]:
    if value is True:
        return {"value": _("Yes")}
    return {"text": value} if isinstance(value, str) else {"day": value}
