"""The post room: claim the messages that are due, render, send, stamp; retry, give up visibly.

A message is a row that the outbox wrote with the change it tells of. Nothing is lost when a worker dies: its
claim runs out and the next one takes the row. What can happen is that a mail is sent twice, where the death
fell between the mail server's OK and the stamp.
"""

from accounts.delivery.again import send_again
from accounts.delivery.post_room import deliver_due
from accounts.delivery.webhooks import deliver_webhooks

__all__ = ["deliver_due", "deliver_webhooks", "send_again"]
