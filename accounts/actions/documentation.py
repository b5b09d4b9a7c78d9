"""Documentation of an environment: a file is tried and kept as a version, one version is shown, none is deleted."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max

from accounts.actions import openapi, settings
from accounts.actions.engine import Change
from accounts.lifecycle.actor import Actor
from accounts.models import Documentation, Environment, Event


@dataclass(frozen=True)
class Tried:
    """A version, and whether this file made it: the same bytes a second time are the version that is there."""

    version: Documentation
    new: bool


def try_out(content: bytes, file_name: str, *, environment: Environment, by: Actor, now: datetime) -> Tried:
    """Read an OpenAPI file and keep it as the newest version of ``environment``; nobody is shown it yet.

    Raises BadDescription with what is wrong and where, NotAllowed for anybody but an administrator, LostRace when
    somebody changed the environment at the same moment; then nothing is kept.
    """
    settings.must_be_administrator(by)
    described = openapi.read(content)
    digest = hashlib.sha256(content).hexdigest()
    there = Documentation.objects.filter(environment=environment, digest=digest).defer("content", "outline").first()
    if there is not None:
        return Tried(there, new=False)
    with transaction.atomic():
        last = Documentation.objects.filter(environment=environment).aggregate(last=Max("number"))["last"] or 0
        version = Documentation(
            environment=environment, number=last + 1, file_name=_name(file_name), content=content, digest=digest,
            size=len(content), openapi=described.openapi, title=described.title, api_version=described.version,
            operations=described.operations, outline=described.outline, uploaded_by_id=by.id, uploaded_at=now,
        )  # fmt: skip
        change = Change(data=lambda _environment: _said(version))
        settings.record_one(
            environment, "add_documentation", by=by, now=now, change=change
        )  # who is first has the number
        version.save()
    return Tried(version, new=True)


def show(version: Documentation, *, by: Actor, now: datetime, comment: str, seen: int | None = None) -> Event | None:
    """Show ``version`` to everybody who signs in, a new one or one of before. None when it is the one shown already.

    Raises NotAllowed, NotReady without a reason, LostRace when the environment is not the version ``seen`` any more.
    """
    environment = version.environment
    _must_be_allowed(environment, comment, by, seen)
    if environment.documentation_id == version.pk:
        return None
    change = Change(comment, {"documentation_id": version.pk}, data=lambda _environment: _said(version))
    return settings.record_one(environment, "show_documentation", by=by, now=now, change=change)


def take_away(
    environment: Environment, *, by: Actor, now: datetime, comment: str, seen: int | None = None
) -> Event | None:
    """Show no documentation of ``environment`` any more; every version is kept. None when none is shown.

    Raises as ``show``.
    """
    _must_be_allowed(environment, comment, by, seen)
    version = environment.documentation
    if version is None:
        return None
    change = Change(comment, {"documentation_id": None}, data=lambda _environment: _said(version))
    return settings.record_one(environment, "hide_documentation", by=by, now=now, change=change)


def _must_be_allowed(environment: Environment, comment: str, by: Actor, seen: int | None) -> None:
    settings.must_be_administrator(by)
    settings.must_be_as_seen(environment, seen)
    settings.must_say_why(comment)


def _said(version: Documentation) -> dict[str, Any]:
    """What events keep of a version."""
    return {
        "documentation_id": str(version.pk),
        "number": version.number,
        "title": version.title,
        "api_version": version.api_version,
        "file": version.file_name,
        "sha256": version.digest,
    }


def _name(file_name: str) -> str:
    """The name of a file without what no database holds; a file without one is called openapi.json."""
    plain = "".join(sign for sign in file_name if sign.isprintable()).strip()
    return plain[:200] or "openapi.json"
