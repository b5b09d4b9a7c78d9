"""Support's checklist of an order as pages show it: what was found about each item, by whom, and is it still true."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from accounts.models import Check, CheckItem, CheckOutcome, Event, Order

LABELS = {
    CheckItem.ORGANISATION: gettext_noop("The organisation exists and its number is right"),
    CheckItem.CONTACTS: gettext_noop("The contacts belong to the organisation"),
    CheckItem.PURPOSE: gettext_noop("The purpose says what for, or for which project or customer"),
    CheckItem.ENVIRONMENTS: gettext_noop("The environments fit the purpose"),
    CheckItem.DUPLICATES: gettext_noop("No account exists that would do"),
}
"""What each item asks, as a sentence that is true once it is checked."""

ABOUT: dict[CheckItem, frozenset[str]] = {
    CheckItem.ORGANISATION: frozenset({"organisation_name", "organisation_number"}),
    CheckItem.CONTACTS: frozenset({"technical_name", "technical_email", "owner_name", "owner_email"}),
    CheckItem.PURPOSE: frozenset({"purpose", "system", "as_seller", "as_broker"}),
    CheckItem.ENVIRONMENTS: frozenset({"environments"}),
    CheckItem.DUPLICATES: frozenset({"organisation_number", "environments", "system"}),
}
"""The answers that each item is about: when one of them changes, what was found may not hold any more."""

VERBS = frozenset({"check", "waive", "uncheck"})


@dataclass(frozen=True)
class Item:
    """One item. ``outcome`` is "" while it is open; ``look_again``: an answer that it is about changed since."""

    name: str
    label: str
    outcome: str = ""
    by: str = ""
    at: datetime | None = None
    reason: str = ""
    look_again: bool = False

    @property
    def done(self) -> bool:
        """Was it found good or let pass, and does that still hold?"""
        return bool(self.outcome) and not self.look_again

    @property
    def tone(self) -> str:
        """The state of ``components/_checks.html``: what the icon shows."""
        if not self.outcome:
            return "todo"
        return "met" if self.done and self.outcome == CheckOutcome.CHECKED.value else "missing"


@dataclass(frozen=True)
class Checklist:
    """All items in their order."""

    items: list[Item]

    @property
    def done(self) -> int:
        """How many items are checked or let pass, without those to look at again."""
        return sum(item.done for item in self.items)

    @property
    def total(self) -> int:
        return len(self.items)

    @property
    def words(self) -> str:
        """ "2 of 5 checked", in the language of the page."""
        return _("%(done)d of %(total)d checked") % {"done": self.done, "total": self.total}


def checklist(order: Order) -> Checklist:
    """What Support found about each item of ``order``. Two queries."""
    held = {check.item: check for check in Check.objects.filter(order=order)}
    again = _to_look_at_again(order) if held else set()
    return Checklist([_item(item, held.get(item.value), item in again) for item in CheckItem])


def label(item: str) -> str:
    """What the item named ``item`` asks, in the language of the page; the name itself for one nobody knows."""
    known = {name.value: text for name, text in LABELS.items()}
    return _(known[item]) if item in known else item


def _item(item: CheckItem, held: Check | None, again: bool) -> Item:
    if held is None:
        return Item(item.value, label(item.value))
    return Item(item.value, label(item.value), held.outcome, held.by_name, held.at, held.reason, again)


def _to_look_at_again(order: Order) -> set[CheckItem]:
    """The items with an answer that a later sending, or Support, changed. One query."""
    told = Event.objects.filter(
        subject_type="order", subject_id=order.pk, verb__in=[*VERBS, "resubmit", "change_owner"]
    )
    again: set[CheckItem] = set()
    for event in told.order_by("seq"):
        if event.verb == "resubmit":
            changed = set(event.data.get("changed", {}))
            again |= {item for item, fields in ABOUT.items() if fields & changed}
        elif event.verb == "change_owner":
            again.add(CheckItem.CONTACTS)
        else:
            again.discard(CheckItem(event.data["item"]))
    return again
