"""What people set for themselves. No lifecycle, so no event: nobody is told and nothing follows from it."""

from __future__ import annotations

from accounts.models import Person


def choose_language(person: Person, language: str) -> None:
    """Write mails to ``person`` in ``language`` ("en" or "nb") from now on. Anything else is a ValueError."""
    known = [code for code, _name in Person._meta.get_field("language").choices or []]
    if language not in known:
        raise ValueError(f"There is no language {language!r} here. Choose one of {', '.join(map(str, known))}.")
    Person.objects.filter(pk=person.pk).update(language=language)
