"""Sample documentation: TEST of the stand-in is described, PRODUCTION not yet."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from accounts.actions import documentation
from accounts.management.samples.cast import RAGNHILD, actor, moment
from accounts.models import Documentation, Environment

FILE = Path(__file__).with_name("loop-api.openapi.json")


def document_test(today: date) -> None:
    """The administrator hands in the file that describes the stand-in, and shows it; nothing where TEST has one."""
    environment = Environment.objects.filter(name="TEST").first()
    if environment is None or Documentation.objects.filter(environment=environment).exists():
        return
    by, at = actor(RAGNHILD), moment(today, 45, 9)
    tried = documentation.try_out(FILE.read_bytes(), FILE.name, environment=environment, by=by, now=at)
    documentation.show(tried.version, by=by, now=at, comment="The first description of TEST.")
