"""A sentence for people, kept apart from its values so that a door can say it in another language."""

from __future__ import annotations

from typing import Any


class Sentence:
    """An English text with named values.

    Rules are written in English and know no language setting; the web, the mail and the API translate
    ``text`` and fill in ``params`` themselves. ``str()`` gives the English sentence.
    Imported as ``_`` so that the message extraction finds the texts.
    """

    __slots__ = ("params", "text")

    def __init__(self, text: str, /, **params: Any) -> None:
        self.text = text
        self.params = params

    def plain(self) -> dict[str, Any]:
        """The sentence as values that JSON can keep; ``of`` makes it again."""
        params = {name: v.plain() if isinstance(v, Sentence) else v for name, v in self.params.items()}
        return {"text": self.text, "params": params}

    @classmethod
    def of(cls, plain: dict[str, Any]) -> Sentence:
        """The sentence that ``plain`` kept."""
        params = {name: cls.of(v) if isinstance(v, dict) else v for name, v in plain["params"].items()}
        return cls(plain["text"], **params)

    def __str__(self) -> str:
        return self.text % self.params if self.params else self.text

    def __repr__(self) -> str:
        return f"Sentence({str(self)!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sentence) and (self.text, self.params) == (other.text, other.params)

    def __hash__(self) -> int:
        return hash(self.text)
