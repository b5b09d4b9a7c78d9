"""Support's verb of the post room: send a message again."""

from __future__ import annotations

from datetime import datetime

from accounts import outbox
from accounts.lifecycle.actor import Actor
from accounts.lifecycle.errors import LostRace, NotAllowed, NotReady
from accounts.lifecycle.sentence import Sentence as _
from accounts.lifecycle.states import Role
from accounts.models import Bounce, Message, MessageState


def send_again(message: Message, *, by: Actor, now: datetime) -> None:
    """Queue a message that was given up, or delivered, once more: its attempts and its age start anew.

    The mail keeps its Message-ID. Raises NotAllowed for anybody but Support, NotReady for a message that is
    still waiting, LostRace when somebody else queued it first.
    """
    if not by.holds(Role.SUPPORT):
        raise NotAllowed(_("Only Support can send a message again."))
    if message.state == MessageState.QUEUED.value:
        raise NotReady(_("This message is still waiting: it goes out by itself."))
    fresh = {
        "state": MessageState.QUEUED.value, "created_at": now, "due_at": now, "attempts": 0, "delivered_at": None,
        "claim": None, "claimed_until": None, "last_error": "",
    }  # fmt: skip
    if not Message.objects.filter(pk=message.pk, state=message.state).update(**fresh):
        raise LostRace(_("Somebody else sent this message again a moment ago."))
    Bounce.objects.filter(message=message, handled_at__isnull=False).delete()  # it may come back once more
    for name, value in fresh.items():
        setattr(message, name, value)
    outbox.wake(outbox.DELIVER)
