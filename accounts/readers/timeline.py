"""What happened to an order or an account, as the people concerned may read it: newest first.

Notes between Support, the Service Responsible and Cegal stay among them: only the comments of the verbs in
``SHOWN`` were written for the requester or the owner. Staff read everything (``for_staff``); a note of theirs is
marked as internal.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from accounts.lifecycle.accounts import ACCOUNT
from accounts.lifecycle.actor import SYSTEM, ActorKind
from accounts.lifecycle.orders import INTERNAL, ORDER
from accounts.lifecycle.sentence import Sentence
from accounts.models import Account, Event, Order
from accounts.readers import checklist
from accounts.words import feed_words, say

PAGE = 50  # entries

SHOWN = frozenset(
    {
        "submit",
        "resubmit",
        "return",
        "approve",
        "reject",
        "withdraw",
        "reopen",
        "keep",
        "keep_both_secrets",
        "close",
        "suspend",
        "hold",
        "lift_hold",
        "message",
        "reassign",
        "change_owner",
        "hand_over",
        "decline_handover",
        "withdraw_handover",
    }
)
"""The verbs whose comment is meant for the requester or the owner."""

HIDDEN = INTERNAL
"""Steps of Support's work that tell the people concerned nothing, and notes that are not for them."""

_OTHERWISE = {
    "start": gettext_noop("began the order"),
    "create": gettext_noop("set up the account"),
    "import": gettext_noop("took the account over"),
    "record_use": gettext_noop("wrote down that the account was used"),
    "correct_use": gettext_noop("corrected what was written down about its use"),
    "remind": gettext_noop("sent a reminder about the inactivity notice"),
    "notice_not_delivered": gettext_noop("could not deliver the inactivity notice to anybody"),
    "remind_provider": gettext_noop("reminded Cegal of a task that stays open"),
    "provider_is_late": gettext_noop("told Support that a task at Cegal stays open"),
    "calls_after_suspension": gettext_noop("saw calls after the suspension was effective: Support looks into it"),
    "suspended_in_use": gettext_noop(
        "saw that the account was in use on %(day)s, before its suspension (%(feed)s): Support looks into it"
    ),
    "set_contact": gettext_noop("named a contact for the inactivity notice"),
    "announce_hold_end": gettext_noop("announced that the hold ends soon"),
    "notice_bounced": gettext_noop("could not reach %(to)s with the inactivity notice"),
    "notice_next_contact": gettext_noop("sent the inactivity notice to %(to)s as well"),
    "not_mine": gettext_noop("answered: the account is not theirs"),
    "hand_over": gettext_noop("asked %(to)s to take the account over"),
    "accept_handover": gettext_noop("took the account over: %(to)s is its owner now"),
    "decline_handover": gettext_noop("declined to take the account over"),
    "withdraw_handover": gettext_noop("took back that %(to)s should take the account over"),
    "expire_handover": gettext_noop("ended the hand-over: %(to)s did not accept in time"),
    "reveal_secret": gettext_noop("collected the client secret"),
    "destroy_secret": gettext_noop("destroyed the client secret: nobody collected it in time"),
    "ask_for_new_secret": gettext_noop("asked Cegal for a new client secret"),
    "enter_new_secret": gettext_noop("entered a new client secret"),
    "connector_failed": gettext_noop("could not do this by itself: people take over"),
    "retry_connector": gettext_noop("let the connector try again"),
    "ask_provider_again": gettext_noop("asked the provider again: it stands otherwise there"),
    "ask_for_rotation": gettext_noop("asked for a new client secret beside the old one"),
    "add_secret": gettext_noop("added a second client secret"),
    "rotation_waits": gettext_noop("saw that the second client secret does not work"),
    "issue_second_secret": gettext_noop("made the second client secret ready to be collected"),
    "confirm_in_use": gettext_noop("confirmed that the new client secret is in use: the old one is removed"),
    "keep_both_secrets": gettext_noop("kept both client secrets for longer"),
    "announce_removal": gettext_noop("announced that the old client secret is removed soon"),
    "end_overlap": gettext_noop("asked Cegal to remove the old client secret: the new one has taken its place"),
    "propose_rotation": gettext_noop("told that the client secret expires soon"),
    "secret_expired": gettext_noop("told that the client secret has expired"),
    "confirm_task": gettext_noop("confirmed that a task is done"),
    "verify_credential": gettext_noop("asked the token URL whether the credentials work"),
    "ask_to_verify": gettext_noop("had the token URL asked again"),
    "let_collect": gettext_noop("let the technical contact collect client secrets: %(to)s"),
    "stop_letting_collect": gettext_noop("took back that the technical contact may collect client secrets: %(to)s"),
    "test_connection": gettext_noop("tested the connection with the client secret"),
    "remind_stage": gettext_noop("sent a reminder: the order waits longer than the target of its stage"),
    "escalate_stage": gettext_noop("escalated the order: it still waits for a decision after the reminder"),
    "warn_of_expiry": gettext_noop("warned that the order is withdrawn without an answer"),
    "take": gettext_noop("took the order"),
    "hand_over_order": gettext_noop("handed the order to %(to)s"),
    "release": gettext_noop("released the order: nobody in Support works on it"),
    "message": gettext_noop("wrote a message"),
    "reassign": gettext_noop("named %(to)s as the requester"),
    "change_owner": gettext_noop("named %(to)s as the owner of the account"),
    "internal_note": gettext_noop("wrote an internal note"),
    "check": gettext_noop("checked: %(item)s"),
    "waive": gettext_noop("let pass: %(item)s"),
    "uncheck": gettext_noop("took back: %(item)s"),
}
"""What completes the sentence "<name> ..." for the verbs that move nothing."""

_DONE = {row.verb: row.done for row in (*ORDER, *ACCOUNT)} | {v: Sentence(said) for v, said in _OTHERWISE.items()}
"""What completes the sentence "<name> ..." for each verb."""

_LOOKS = {
    "start": ("pencil-line", ""),
    "submit": ("send", "accent"),
    "resubmit": ("send", "accent"),
    "send_for_approval": ("stamp", "accent"),
    "approve": ("badge-check", "good"),
    "return": ("message-square-reply", "warn"),
    "reject": ("circle-x", "bad"),
    "withdraw": ("undo-2", ""),
    "expire": ("undo-2", "warn"),
    "reopen": ("rotate-ccw", ""),
    "send_to_cegal": ("wrench", "accent"),
    "complete_setup": ("wrench", "good"),
    "hand_back": ("undo-2", ""),
    "issue_credentials": ("key-round", "good"),
    "create": ("plus", ""),
    "import": ("plus", ""),
    "activate": ("circle-check", "good"),
    "notify": ("mail-warning", "warn"),
    "remind": ("bell", "warn"),
    "keep": ("circle-check", "good"),
    "used": ("activity", "good"),
    "remind_provider": ("bell", ""),
    "provider_is_late": ("bell", "warn"),
    "calls_after_suspension": ("activity", "bad"),
    "suspended_in_use": ("triangle-alert", "bad"),
    "set_contact": ("user-plus", ""),
    "hold": ("lock", "accent"),
    "lift_hold": ("rotate-ccw", ""),
    "end_hold": ("rotate-ccw", ""),
    "announce_hold_end": ("bell", ""),
    "record_use": ("activity", ""),
    "correct_use": ("activity", "warn"),
    "suspend": ("circle-pause", "bad"),
    "suspend_for_inactivity": ("circle-pause", "bad"),
    "reactivate": ("circle-play", "good"),
    "close": ("archive", ""),
    "reveal_secret": ("eye", "good"),
    "destroy_secret": ("trash-2", "warn"),
    "enter_new_secret": ("key-round", "accent"),
    "ask_for_rotation": ("key-round", "accent"),
    "add_secret": ("key-round", "accent"),
    "rotation_waits": ("plug-zap", "warn"),
    "issue_second_secret": ("key-round", "good"),
    "confirm_in_use": ("circle-check", "good"),
    "keep_both_secrets": ("lock", ""),
    "announce_removal": ("bell", ""),
    "end_overlap": ("trash-2", ""),
    "end_rotation": ("undo-2", "warn"),
    "propose_rotation": ("bell", "warn"),
    "secret_expired": ("bell", "bad"),
    "notice_not_delivered": ("mail-x", "warn"),
    "notice_bounced": ("mail-x", "warn"),
    "notice_next_contact": ("mail-warning", "warn"),
    "not_mine": ("user-x", "warn"),
    "hand_over": ("user-plus", "accent"),
    "accept_handover": ("user-check", "good"),
    "decline_handover": ("user-x", "warn"),
    "withdraw_handover": ("undo-2", ""),
    "expire_handover": ("user-x", "warn"),
    "connector_failed": ("triangle-alert", "warn"),
    "retry_connector": ("repeat", ""),
    "ask_provider_again": ("repeat", "accent"),
    "confirm_task": ("check", ""),
    "verify_credential": ("plug-zap", ""),
    "ask_to_verify": ("plug-zap", ""),
    "let_collect": ("user-check", "accent"),
    "stop_letting_collect": ("user-x", ""),
    "test_connection": ("plug-zap", ""),
    "remind_stage": ("bell", "warn"),
    "escalate_stage": ("bell", "bad"),
    "warn_of_expiry": ("bell", "warn"),
    "take": ("user-check", ""),
    "hand_over_order": ("user-check", ""),
    "release": ("user-x", ""),
    "message": ("messages-square", "accent"),
    "reassign": ("user-plus", ""),
    "change_owner": ("user-plus", ""),
    "internal_note": ("lock", ""),
    "check": ("circle-check", "good"),
    "waive": ("circle-alert", "warn"),
    "uncheck": ("rotate-ccw", ""),
}
"""Icon and tone of an entry; what is not named here is drawn plainly."""


@dataclass(frozen=True)
class Entry:
    """One entry as ``components/_timeline.html`` draws it. ``who`` is "" for the portal itself."""

    who: str
    sentence: str
    at: datetime
    icon: str = "history"
    tone: str = ""
    comment: str = ""
    comments: list[dict[str, str]] = field(default_factory=list)
    internal: bool = False


@dataclass(frozen=True)
class Timeline:
    """Entries, and the number after which the older ones begin (None where there are none)."""

    entries: list[Entry]
    older: int | None = None


def timeline(
    subject: Order | Account,
    *,
    reader: UUID | None,
    labels: Mapping[str, Any],
    before: int | None = None,
    for_staff: bool = False,
) -> Timeline:
    """The newest entries about ``subject``, or those older than event number ``before``. One query.

    ``reader`` is the person who reads: their own deeds are told as "You". ``labels`` names the order form's fields.
    ``for_staff`` shows every step and every note.
    """
    events = Event.objects.filter(subject_type=subject.subject_type(), subject_id=subject.pk)
    if not for_staff:
        events = events.exclude(verb__in=HIDDEN)
    if before is not None:
        events = events.filter(seq__lt=before)
    found = list(events.order_by("-seq")[: PAGE + 1])
    shown = found[:PAGE]
    older = shown[-1].seq if len(found) > PAGE else None
    return Timeline([_entry(event, reader, labels, for_staff) for event in shown], older)


def last_return(order: Order) -> Event | None:
    """The newest return of ``order``: its comments, and by when it must be answered. One query."""
    returns = Event.objects.filter(subject_type="order", subject_id=order.pk, verb="return")
    return returns.order_by("-seq").first()


def _entry(event: Event, reader: UUID | None, labels: Mapping[str, Any], for_staff: bool) -> Entry:
    icon, tone = look(event.verb)
    shown = for_staff or event.verb in SHOWN
    return Entry(
        who=_who(event, reader),
        sentence=_with_changes(event),
        at=event.at,
        icon=icon,
        tone=tone,
        comment=event.comment if shown else "",
        comments=comments(event, labels) if shown else [],
        internal=for_staff and bool(event.comment) and event.verb not in SHOWN,
    )


def comments(event: Event, labels: Mapping[str, Any]) -> list[dict[str, str]]:
    """The comments of a return on single fields, each under the field's label."""
    said = event.data.get("comments", [])
    return [{"field": str(labels.get(one["field"], one["field"])), "text": one["text"]} for one in said]


def _who(event: Event, reader: UUID | None) -> str:
    if event.actor_kind == ActorKind.SYSTEM and event.actor_name == SYSTEM.name:  # a connector has a name of its own
        return _("The portal")
    return _("You") if reader is not None and event.actor_id == reader else say(event.who)


def look(verb: str) -> tuple[str, str]:
    """The icon and the tone of an entry."""
    return _LOOKS.get(verb, ("history", ""))


_UNNAMED = dict.fromkeys(("to", "item", "day", "feed"), "…")


def known() -> dict[str, str]:
    """Every verb of orders and accounts with what completes "<name> ..."; what an event names stands as "…"."""
    return {verb: say(Sentence(done.text, **{**done.params, **_UNNAMED})) for verb, done in _DONE.items()}


def sentence(event: Event) -> str:
    """What was done, after the name of who did it, in the language of the page."""
    done = _DONE.get(event.verb, Sentence(event.verb.replace("_", " ")))
    return say(Sentence(done.text, **done.params, **_particulars(event, done.text)))


def _particulars(event: Event, text: str) -> dict[str, str]:
    """What the sentence names out of the event's data: to whom, which item of the checklist, which day and feed."""
    data = event.data
    known = {
        "to": data.get("to", ""), "item": checklist.label(data.get("item", "")), "day": data.get("day", ""),
        "feed": feed_words(data["feed_kind"], data["feed"]) if "feed_kind" in data else "",
    }  # fmt: skip
    return {name: value for name, value in known.items() if f"%({name})s" in text}


def _with_changes(event: Event) -> str:
    """The sentence, with how many fields were changed before the order was sent again."""
    names = {"role" if name in ("as_seller", "as_broker") else name for name in event.data.get("changed", {})}
    if not names:
        return sentence(event)
    changed = ngettext("%(number)d field changed", "%(number)d fields changed", len(names)) % {"number": len(names)}
    return _("%(sentence)s, %(changed)s") % {"sentence": sentence(event), "changed": changed}
