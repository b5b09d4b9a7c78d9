"""An account's second secret as the rule of rotation sees it: rows in, plain facts out."""

from __future__ import annotations

from datetime import date

from django.db.models import QuerySet

from accounts.lifecycle.rotation import SecondSecret
from accounts.lifecycle.states import AccountState, OrderKind, TaskKind
from accounts.models.account import Account, Credential
from accounts.models.order import Order
from accounts.models.task import Task


def second_secret(new: Credential, today: date) -> SecondSecret:
    """The facts of ``new``, the second secret of an account, on ``today``. Three queries at most."""
    account = new.account
    asked = Order.objects.asking_for(account.pk, OrderKind.SECRET_ROTATION).exists()
    asked = asked or Task.objects.open().filter(account=account, kind=TaskKind.NEW_SECRET.value).exists()
    return SecondSecret(
        account=AccountState(account.state),
        verified=new.verified_at is not None,
        collected=new.revealed_at is not None,
        expired=new.expires_on is not None and new.expires_on <= today,
        removed=new.removed_at is not None,
        other_under_way=asked or account.credentials.filter(entered_at__gt=new.entered_at).exists(),
    )


def removals(account: Account) -> QuerySet[Task, Task]:
    """The tasks to remove old secrets of ``account``."""
    return Task.objects.filter(account=account, kind=TaskKind.REMOVE_SECRET.value)
