"""Environments of the Loop API: where their clients ask for a token, and where the API answers."""

from __future__ import annotations

from django.core.exceptions import ValidationError

from accounts.lifecycle.actor import Actor
from accounts.lifecycle.errors import NotAllowed, NotReady
from accounts.lifecycle.sentence import Sentence as _
from accounts.lifecycle.states import Role
from accounts.models import Environment


def set_addresses(
    environment: Environment, *, token_url: str, base_url: str, by: Actor, private_addresses_allowed: bool = False
) -> None:
    """Point ``environment`` at other addresses. ``private_addresses_allowed`` is for development only.

    Raises NotReady for an address that is none, NotAllowed for anybody but an administrator.
    """
    if not by.holds(Role.ADMINISTRATOR, Role.SYSTEM):
        raise NotAllowed(_("Only an administrator can do this."))
    environment.token_url, environment.base_url = token_url, base_url
    environment.private_addresses_allowed = private_addresses_allowed
    try:
        environment.clean_fields()
    except ValidationError as error:
        raise NotReady(_("This is no address: %(why)s", why=" ".join(error.messages))) from None
    environment.save(update_fields=["token_url", "base_url", "private_addresses_allowed"])
