"""Our translations leave the names of months and weekdays to Django."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polib
import pytest
from django.conf import settings
from django.utils import dates, translation
from django.utils.formats import date_format

MONTHS = [
    "januar", "februar", "mars", "april", "mai", "juni",
    "juli", "august", "september", "oktober", "november", "desember",
]  # fmt: skip
NAMES = (dates.WEEKDAYS, dates.WEEKDAYS_ABBR, dates.MONTHS, dates.MONTHS_3)


@pytest.mark.parametrize(("number", "name"), list(enumerate(MONTHS, start=1)))
def test_each_month_has_its_norwegian_name(number: int, name: str) -> None:
    with translation.override("nb"):
        assert date_format(date(2027, number, 17), "F").lower() == name


def test_no_text_of_ours_takes_the_place_of_a_name() -> None:
    """A heading "May" without a context would be the name of the month too, in every date."""
    with translation.override("en"):
        names = {str(name).lower() for table in NAMES for name in table.values()}
    texts = polib.pofile(str(Path(settings.BASE_DIR) / "locale/nb/LC_MESSAGES/django.po"))
    assert not [text.msgid for text in texts if text.msgid.lower() in names and text.msgctxt is None]
