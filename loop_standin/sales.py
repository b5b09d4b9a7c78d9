"""The sales that the stand-in shows: made up, always the same, one list an environment."""

from __future__ import annotations

import random
from datetime import date, timedelta
from functools import cache
from typing import Any

COUNT = 137
STATUSES = ("draft", "published", "reserved", "sold", "delivered", "cancelled")
OBJECTS = (
    ("Architectural", "Weathertight door, 900 x 2100 mm, A60", "Sperre Dører", 48_000),
    ("Architectural", "Raised floor panel, 600 x 600 mm, steel", "Nordgulv", 900),
    ("Electrical", "Cable tray, hot-dip galvanised, 3 m", "Øglænd System", 650),
    ("Electrical", "LED floodlight Ex de, 150 W", "Glamox", 7_400),
    ("HVAC", "Fire damper, 400 x 300 mm, H120", "Halton", 11_200),
    ("Instrument", "Pressure transmitter, 0-250 bar, HART", "Emerson", 18_500),
    ("Instrument", "Gas detector, methane, point type", "Autronica", 22_900),
    ("Mechanical", "Centrifugal pump, 90 m³/h, duplex", "Framo", 310_000),
    ("Mechanical", "Shell and tube heat exchanger, 1.2 MW", "Bergen Varmeteknikk", 540_000),
    ("Piping", "Ball valve, 6 in, class 300, 316 SS", "Westad", 27_300),
    ("Piping", "Welding neck flange, 10 in, class 600, super duplex", "Sandnes Flens", 9_800),
    ("Safety", "Lifeboat davit wire, 32 mm, 120 m", "Hansen Protection", 36_000),
    ("Structural", "HEB 300 beam, S355, 12 m", "Norsk Stål", 21_600),
)
CONDITIONS = ("New, unused", "New, surplus from project", "Used, inspected", "Used, needs overhaul")
PLACES = ("Stavanger", "Bergen", "Kristiansund", "Hammerfest", "Mongstad", "Ågotnes", "Florø")


@cache
def all_sales(environment: str) -> tuple[dict[str, Any], ...]:
    """Give every sale of an environment (empty: none was named), newest first."""
    dice = random.Random(f"sales of {environment.lower()}")  # noqa: S311 - sample data, the same in every run
    return tuple(_sale(number, dice) for number in range(COUNT, 0, -1))


def page_of_sales(environment: str, page: int, limit: int) -> list[dict[str, Any]]:
    """Give one page, counted from 1; behind the last page the list is empty."""
    return list(all_sales(environment)[(page - 1) * limit : page * limit])


def _sale(number: int, dice: random.Random) -> dict[str, Any]:
    status = dice.choice(STATUSES)
    product_class, description, manufacturer, value = dice.choice(OBJECTS)
    registered = date(2024, 1, 8) + timedelta(days=5 * number + dice.randrange(5))
    return {
        "id": f"S-{number:05d}",
        "status": status,
        "objectInformation": {
            "description": description,
            "productClass": product_class,
            "manufacturer": manufacturer,
            "serialNumber": f"{manufacturer[:2].upper()}{dice.randrange(10**6):06d}",
            "condition": dice.choice(CONDITIONS),
            "quantity": dice.choice((1, 1, 2, 4, 10, 24)),
            "unit": "EA",
            "location": dice.choice(PLACES),
        },
        "saleInformation": _sale_information(status, value, registered, dice),
    }


def _sale_information(status: str, value: int, registered: date, dice: random.Random) -> dict[str, Any]:
    sold = status in ("sold", "delivered")
    price = value * dice.randrange(20, 71) // 100
    return {
        "registeredOn": registered.isoformat(),
        "askingPrice": price,
        "currency": "NOK",
        "soldOn": (registered + timedelta(days=dice.randrange(10, 90))).isoformat() if sold else None,
        "soldPrice": price * dice.randrange(70, 101) // 100 if sold else None,
        "buyerReference": f"PO-{dice.randrange(10**5):05d}" if sold else None,
    }
