"""What a mail costs us: decided, written, handed to a real mail server; beside Django's own way to hand it over."""

from __future__ import annotations

from collections.abc import Sequence
from queue import Queue

from django.core.mail import EmailMessage, get_connection
from django.test import override_settings

from accounts import delivery
from accounts.delivery import claim as claims
from accounts.delivery.letter import load
from accounts.delivery.line import Line
from accounts.delivery.post_room import BATCH
from accounts.delivery.render import render
from accounts.models import Message, current_policy
from tests.benchmarks import postbox
from tests.benchmarks.measures import check, expect, prepare
from tests.benchmarks.meter import Cost, least, measured
from tests.benchmarks.population import NOW

SMTP = "django.core.mail.backends.smtp.EmailBackend"


def costs(number: int, rounds: int) -> dict[str, Cost]:
    """Of a mail: ``floor`` is ``send_messages`` over one connection, ``relay`` our line with the same mails, ``room``
    the whole post room. Of an account: ``account`` is its check and both its mails, until they are stamped.
    """
    with postbox.running() as (port, arrived):
        at = {"EMAIL_BACKEND": SMTP, "EMAIL_HOST": "127.0.0.1", "EMAIL_PORT": port, "EMAIL_USE_TLS": False}
        with override_settings(**at):
            _round(10, arrived)  # what is loaded once in a process
            turns = [_round(number, arrived) for _turn in range(rounds)]
    return {name: least([turn[name] for turn in turns]) for name in turns[0]}


def _round(number: int, arrived: Queue[float]) -> dict[str, Cost]:
    prepare(number)
    Message.objects.filter(state="queued").update(state="given_up")  # of earlier rounds
    decided = measured(lambda: expect(check(), number))
    mails = _rendered(2 * number)
    floor = measured(lambda: expect(get_connection().send_messages(mails), len(mails)))
    relay = measured(lambda: _relay(mails))
    room = measured(lambda: expect(delivery.deliver_due(NOW, run_for=None).get("delivered", 0), 2 * number))
    for _mail in range(3 * len(mails)):
        arrived.get(timeout=30)
    account = Cost((decided.wall + room.wall) / number, (decided.cpu + room.cpu) / number)
    each = 1 / (2 * number)
    found = {"floor": floor, "relay": relay, "room": room}
    return {**{name: Cost(cost.wall * each, cost.cpu * each) for name, cost in found.items()}, "account": account}


def _rendered(number: int) -> list[EmailMessage]:
    """The mails that are due, as the post room writes them; they stay due."""
    claim = claims.take(NOW, number)
    assert claim is not None
    policy = current_policy()
    mails = [render(letter, now=NOW, policy=policy) for letter in load(claim)]
    claim.release()
    expect(len(mails), number)
    return list(mails)


def _relay(mails: Sequence[EmailMessage]) -> None:
    """One line for each batch, as the post room has it."""
    for first in range(0, len(mails), BATCH):
        with Line() as line:
            for mail in mails[first : first + BATCH]:
                line.send(mail)
