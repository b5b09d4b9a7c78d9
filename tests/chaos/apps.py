"""What makes a run of some thousand accounts have as many transactions as one of a million."""

from django.apps import AppConfig

CHUNK = 40


class Chaos(AppConfig):
    """Lets the daily check work in small chunks, so that many a kill falls between two of them."""

    name = "tests.chaos"
    label = "chaos"

    def ready(self) -> None:
        from accounts.actions import inactivity

        inactivity.CHUNK = CHUNK
