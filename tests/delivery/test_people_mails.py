"""The mails that people get from an administrator: an invitation, and roles that changed."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.mail import EmailMultiAlternatives

from accounts.actions import roles
from accounts.delivery.claim import take
from accounts.delivery.letter import load
from accounts.delivery.render import render
from accounts.lifecycle.policy import Policy
from accounts.lifecycle.states import Role
from accounts.models import Message
from tests.delivery.post import LINK, html_of
from tests.story import Story


def the_mail(story: Story) -> EmailMultiAlternatives:
    """The one mail that is owed."""
    assert Message.objects.count() == 1
    claim = take(story.now, 1)
    assert claim is not None
    return render(load(claim)[0], now=story.now, policy=Policy())


def by(story: Story) -> dict[str, Any]:
    return {"by": story.actor("administrator"), "now": story.now}


@pytest.mark.parametrize("language", ["en", "nb"])
def test_an_invitation_says_who_what_and_how(story: Story, language: str) -> None:
    roles.invite("kari@support.example", roles=[Role.SUPPORT], name="Kari <Nes>", language=language, **by(story))
    mail = the_mail(story)
    for text in (mail.body, html_of(mail)):
        assert "Ada Admin" in text
        assert "Support" in text
        assert "kari@support.example" in text
        assert "<Nes>" not in text or text is mail.body
        assert "None" not in text
    assert LINK.findall(mail.body) == ["/account/login/"]
    assert f'<html lang="{language}"' in html_of(mail)


def test_an_invitation_without_a_role_names_none(story: Story) -> None:
    roles.invite("kari@nordsjo.example", name="Kari Nes", **by(story))
    assert "roles" not in the_mail(story).body


def test_changed_roles_are_named_with_the_reason(story: Story) -> None:
    roles.change_roles(story.support, [Role.CEGAL, Role.ADMINISTRATOR], comment="A new <team>.", **by(story))
    mail = the_mail(story)
    assert "Ada Admin gave you this role: Administrator, Cegal." in " ".join(mail.body.split())
    assert "Ada Admin ended this role of yours: Support." in " ".join(mail.body.split())
    assert "A new <team>." in mail.body
    assert "A new &lt;team&gt;." in html_of(mail)
    assert "\nhttp://localhost:8000/\n" in mail.body
    assert "because an administrator of the portal" in mail.body


def test_only_what_changed_is_said(story: Story) -> None:
    roles.change_roles(story.support, [], comment="Left the team.", **by(story))
    body = the_mail(story).body
    assert "gave you" not in body
    assert "ended this role of yours: Support" in " ".join(body.split())
