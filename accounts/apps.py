"""The one app of the portal."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    """Orders, API accounts and everything that happens to them."""

    name = "accounts"
    label = "accounts"
    verbose_name = _("API accounts")
    default_auto_field = "django.db.models.BigAutoField"
