"""Why a verb was refused. Every refusal carries a sentence that a person can act on."""

from __future__ import annotations

from accounts.lifecycle.sentence import Sentence


class Refused(Exception):
    """A verb was not carried out; nothing was written."""

    def __init__(self, sentence: Sentence | str) -> None:
        self.sentence = sentence if isinstance(sentence, Sentence) else Sentence(sentence)
        super().__init__(str(self.sentence))


class NotAllowed(Refused):
    """This actor may not do this: wrong role, somebody else's order, separation of duties (403)."""


class NotReady(Refused):
    """The subject is not in a state, or lacks something, that the verb needs (422)."""


class LostRace(Refused):
    """Somebody else changed the subject first (409)."""
