"""The policy's numbers: changed by an administrator, with a reason, in one step that the history keeps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import datetime

from django.db import IntegrityError, transaction

from accounts.actions import engine, settings
from accounts.actions.engine import Change
from accounts.lifecycle.actor import Actor
from accounts.lifecycle.errors import LostRace, NotReady
from accounts.lifecycle.policy import POLICY_NAMES, Policy, problems
from accounts.lifecycle.sentence import Sentence as _
from accounts.models import Event, PolicyNumber, current_policy, policy_record
from accounts.models.facts import who_was_first


def changed_policy(policy: Policy, numbers: Mapping[str, int]) -> Policy:
    """``policy`` with ``numbers`` in their places. Raises NotReady for an unknown name or a number out of bounds."""
    unknown = sorted(set(numbers) - set(POLICY_NAMES))
    if unknown:
        raise NotReady(_("The policy has no number called %(name)s.", name=", ".join(unknown)))
    changed = replace(policy, **numbers)
    wrong = problems(changed)
    if wrong:
        raise NotReady(next(iter(wrong.values())))
    return changed


@transaction.atomic
def change_policy(
    numbers: Mapping[str, int], *, by: Actor, now: datetime, comment: str, seen: int | None = None
) -> Event | None:
    """Put ``numbers`` into force from now on, with a reason. None when nothing differs.

    The answer period of a notice that was delivered does not move: its ``answer_by`` was set then (DOMAIN.md). Raises
    NotReady, NotAllowed, or LostRace when the policy is not the version ``seen`` any more.
    """
    settings.must_be_administrator(by)
    settings.must_say_why(comment)
    record = policy_record()
    settings.must_be_as_seen(record, seen)
    before = asdict(current_policy())
    after = asdict(changed_policy(Policy(**before), numbers))
    changed = {name: [before[name], after[name]] for name in POLICY_NAMES if before[name] != after[name]}
    if not changed:
        return None
    new = {name: after[name] for name in changed}
    change = Change(comment=comment, data=lambda _policy: {"changed": changed}, also=lambda _changes: _write(new))
    if record.version:
        return settings.record_one(record, "change_policy", by=by, now=now, change=change)
    try:
        with transaction.atomic():
            return engine.begin([record], "change_policy", by=by, now=now, change=change)[0]
    except IntegrityError:
        raise LostRace(who_was_first(record)) from None


def _write(numbers: Mapping[str, int]) -> None:
    """Keep what differs from the default; a number that is the default again needs no row."""
    usual = asdict(Policy())
    PolicyNumber.objects.filter(name__in=[name for name, value in numbers.items() if value == usual[name]]).delete()
    for name, value in numbers.items():
        if value != usual[name]:
            PolicyNumber.objects.update_or_create(name=name, defaults={"value": value})
