"""The portal's addresses as they are where mails are kept."""

from accounts.web import mailbox
from portal.urls import urlpatterns as portal

urlpatterns = [*mailbox.ROUTES, *portal]
