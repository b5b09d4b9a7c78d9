"""A hint beside the checklist: does an address look like one of the organisation?"""

from __future__ import annotations

import pytest

from accounts.lifecycle import contacts


@pytest.mark.parametrize(
    ("domain", "organisation"),
    [
        ("nordsjo.no", "Nordsjø Surplus AS"),
        ("nordsjosurplus.example", "Nordsjø Surplus AS"),
        ("mail.skagerrakbrokers.example", "Skagerrak Brokers ASA"),
        ("nss.no", "Nordsjø Surplus Salg AS"),
        ("baerum-energi.no", "BÆRUM ENERGI AS"),
    ],
)
def test_it_looks_like_the_organisation(domain: str, organisation: str) -> None:
    assert contacts.looks_like(domain, organisation)


@pytest.mark.parametrize(
    ("domain", "organisation"),
    [
        ("konsulent.no", "Nordsjø Surplus AS"),
        ("as.no", "Nordsjø Surplus AS"),
        ("norge.no", "Kvitsøy Norge AS"),
        ("", "Nordsjø Surplus AS"),
        ("nordsjo.no", ""),
        ("no", "Norsk AS"),
    ],
)
def test_it_does_not(domain: str, organisation: str) -> None:
    assert not contacts.looks_like(domain, organisation)


def test_private_services_and_domains() -> None:
    assert contacts.is_private(contacts.domain_of(" Ola@Gmail.com "))
    assert not contacts.is_private(contacts.domain_of("ola@nordsjo.no"))
    assert contacts.domain_of("no address") == ""
