"""The port to a provider: whoever makes clients, disables and enables them, and makes and removes their secrets.

An adapter is asked to do one thing and gives an outcome with a sentence, whatever the other side does; it raises
nothing. Each wish carries the id of a durable operation: asked again with the same id, an adapter leaves neither a
second client nor a secret that nobody has.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any, Protocol

PREFIX = "loop-access-"
"""With this begin the names of the clients and of the secrets that the portal has made at a provider."""


class Verdict(StrEnum):
    """What became of a wish: done; asked, and the answer comes by itself; again later; a person must look."""

    DONE = "done"
    ASKED = "asked"
    LATER = "later"
    REFUSED = "refused"


@dataclass(frozen=True)
class Wish:
    """What is wanted, of which client.

    ``name`` is how a new client is known at the provider (the same whenever it is asked for), ``label`` what people
    read there. ``until`` is the day on which a new secret expires; ``key_id`` names the secret to remove.
    """

    id: str
    environment: str
    client_id: str = ""
    name: str = ""
    label: str = ""
    key_id: str = ""
    until: date | None = None


@dataclass(frozen=True)
class Made:
    """A client's secret that was made. It never shows in a representation of this."""

    client_id: str
    secret: str = field(repr=False)
    key_id: str = ""
    expires_on: date | None = None


@dataclass(frozen=True)
class Outcome:
    """What became of a wish, in a sentence with ``params``; ``wait`` seconds are asked for before the next attempt."""

    verdict: Verdict
    sentence: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)
    wait: float | None = None
    made: Made | None = None


@dataclass(frozen=True)
class Secret:
    """A secret as the provider knows it: never its text."""

    key_id: str
    expires_on: date | None = None


@dataclass(frozen=True)
class Client:
    """A client as it stands at the provider. ``ours``: the portal made it. ``secrets`` is None where nobody says."""

    client_id: str
    enabled: bool
    secrets: tuple[Secret, ...] | None = ()
    ours: bool = False


@dataclass
class Seen:
    """What a look found, by client id. ``problem`` says why it is not complete; "" when it is.

    ``possible`` is False for a provider that cannot be looked at.
    """

    clients: dict[str, Client] = field(default_factory=dict)
    problem: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)
    possible: bool = True

    @property
    def is_complete(self) -> bool:
        return self.possible and not self.problem


class Provider(Protocol):
    """What an adapter can do."""

    def set_up(self, wish: Wish) -> Outcome:
        """Make the client ``wish.name`` with a secret; DONE carries both."""

    def disable(self, wish: Wish) -> Outcome:
        """Let the client get no token any more; DONE only when that was read back."""

    def enable(self, wish: Wish) -> Outcome:
        """Let the client get tokens again; DONE only when that was read back."""

    def add_secret(self, wish: Wish) -> Outcome:
        """Make one more secret; those that are there stay. DONE carries it."""

    def remove_secret(self, wish: Wish) -> Outcome:
        """Remove the secret ``wish.key_id``; DONE also when it is gone already."""

    def look(self, clients: Collection[str]) -> Seen:
        """How do these clients stand there, and which others did the portal make? Changes nothing."""

    def try_out(self) -> Outcome:
        """Is the connection as it should be? Changes nothing."""


def _(sentence: str) -> str:
    """Mark a sentence for translation."""
    return sentence


class People:
    """Cegal's operators: they find their work on the portal's own pages, and confirm it there."""

    def set_up(self, wish: Wish) -> Outcome:
        """The answer comes by itself."""
        return Outcome(Verdict.ASKED, _("Cegal’s people do this on their pages."))

    disable = enable = add_secret = remove_secret = set_up

    def look(self, clients: Collection[str]) -> Seen:
        """People are not asked how each client stands."""
        return Seen(possible=False)

    def try_out(self) -> Outcome:
        """There is no connection that could fail."""
        return Outcome(Verdict.DONE, _("Cegal’s people do this on their pages."))
