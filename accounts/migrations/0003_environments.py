"""Install the two environments of the Loop API with the addresses of SOURCE.md, slide 2."""

from django.db import migrations

HOSTS = {"TEST": "https://apis-test-vi.collabor8.no", "PRODUCTION": "https://apis-vi.collabor8.no"}


def install(apps, schema_editor):
    environment = apps.get_model("accounts", "Environment")
    for position, (name, host) in enumerate(HOSTS.items()):
        environment.objects.get_or_create(
            name=name,
            defaults={
                "position": position,
                "token_url": f"{host}/loop-m2m/loop-api/v1/token",
                "base_url": host,
            },
        )


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_history_is_append_only")]
    operations = [migrations.RunPython(install, migrations.RunPython.noop)]
