"""Keeps what orders are found by (models.search_text) in step with what they say. No event: nothing has happened."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.db.models import Q

from accounts.models import Order, SearchText

CHUNK = 500


def index(orders: Iterable[UUID]) -> None:
    """Write anew what the orders with these ids are found by. Call it in the transaction that changed their words."""
    found = Order.objects.filter(pk__in=list(orders)).select_related("requester", "concerns")
    texts = [SearchText(order=order, text=text_of(order)) for order in found.prefetch_related("accounts")]
    SearchText.objects.bulk_create(
        texts, batch_size=CHUNK, update_conflicts=True, unique_fields=["order"], update_fields=["text"]
    )


def index_of_person(person_id: UUID) -> None:
    """Write anew what the orders of this requester are found by: their name or address was changed."""
    mine = Order.objects.filter(Q(requester=person_id), search_text__isnull=False)
    ids = list(mine.values_list("pk", flat=True))
    for start in range(0, len(ids), CHUNK):
        index(ids[start : start + CHUNK])


def text_of(order: Order) -> str:
    """Everything that somebody may type to find ``order``, in lower case, each once, a line each."""
    client_ids = [account.client_id for account in order.accounts.all()]
    if order.concerns is not None:
        client_ids.append(order.concerns.client_id)
    said = (
        order.reference, order.organisation_name, order.organisation_number, order.requester.name,
        order.requester.email, order.technical_name, order.technical_email, order.owner_name, order.owner_email,
        *client_ids,
    )  # fmt: skip
    return "\n".join(dict.fromkeys(" ".join(word.lower().split()) for word in said if word.strip()))
