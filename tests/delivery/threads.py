"""Doing something in several threads at once, each with a database connection of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from django.db import connections


def at_once(number: int, work: Callable[[], Any]) -> list[Any]:
    """What ``work`` gave in each of so many threads that began together; an error in one is raised here."""
    together, given = threading.Barrier(number), []

    def run() -> None:
        try:
            together.wait(10)
            given.append(work())
        except BaseException as error:
            given.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    for answer in given:
        if isinstance(answer, BaseException):
            raise answer
    return given
