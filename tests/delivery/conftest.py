"""The post room's tests talk to a real mail server on this machine."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.delivery.smtp import MoodyServer, listening
from tests.servers import free_port


@pytest.fixture
def mail_address(settings: Any) -> int:
    """A port that the portal sends its mail to, where nobody listens."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = "127.0.0.1", free_port(), 5
    return int(settings.EMAIL_PORT)


@pytest.fixture
def server(mail_address: int) -> Iterator[MoodyServer]:
    """The mail server that the portal sends its mail to."""
    with listening(MoodyServer(port=mail_address)) as server:
        yield server
