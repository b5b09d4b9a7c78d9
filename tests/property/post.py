"""The post office of the histories: a mail server that can be away or refuse, without a socket or a template."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Any
from uuid import UUID

from django.core.mail import EmailMessage

from accounts.delivery.line import AwayError, RefusedError
from accounts.models import Message

Accepted = Callable[[Message], None]


class PostOffice:
    """Stands where the post room opens its line; ``accepted`` is told of each mail that it took."""

    def __init__(self, accepted: Accepted) -> None:
        self.accepted = accepted
        self.away = False
        self.refused: set[str] = set()

    def line(self) -> _Line:
        """A connection to it."""
        return _Line(self)


class _Line:
    def __init__(self, office: PostOffice) -> None:
        self.office = office

    def __enter__(self) -> _Line:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _t: TracebackType | None
    ) -> None:
        return None

    def send(self, mail: EmailMessage) -> None:
        """As the real one: it returns when the server has the mail."""
        if self.office.away:
            raise AwayError("nobody answers")
        if mail.to[0] in self.office.refused:
            raise RefusedError("550 5.1.1 no such user")
        self.office.accepted(Message.objects.get(pk=UUID(mail.subject)))


def bare(letter: Any, **_given: Any) -> EmailMessage:
    """A mail that carries only what the office looks at: rendering has tests of its own."""
    return EmailMessage(subject=str(letter.message.pk), to=[letter.message.to_email])
