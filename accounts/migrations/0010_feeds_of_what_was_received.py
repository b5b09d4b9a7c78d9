"""Give what was received before there were feeds its feed: a row for each source that covered a day."""

from django.db import migrations
from django.db.models import Max, Min


def name_the_feeds(apps, _schema_editor):
    Coverage = apps.get_model("accounts", "Coverage")
    Feed = apps.get_model("accounts", "Feed")
    fed = Coverage.objects.filter(accepted_by="", feed__isnull=True)
    found = fed.order_by().values_list("environment_id", "source")
    for environment, source, first, last in found.annotate(Min("received_at"), Max("received_at")):
        feed, _made = Feed.objects.get_or_create(
            environment_id=environment,
            name=source or "file",
            defaults={"kind": "file", "created_at": first, "last_received_at": last},
        )
        fed.filter(environment_id=environment, source=source).update(feed=feed)


class Migration(migrations.Migration):
    dependencies = [("accounts", "0009_feeds_and_tokens")]
    operations = [migrations.RunPython(name_the_feeds, migrations.RunPython.noop)]
