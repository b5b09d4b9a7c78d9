"""Install the catalogue of reasons to return an order (SOURCE.md, slide 3, step 1). An administrator edits them."""

from django.db import migrations

REASONS = [
    (
        "purpose",
        "The intended use is not described",
        "Bruken er ikke beskrevet",
        "Describe what you will use the Loop API for: which data you send to Loop or fetch from it, and how often.",
        "Beskriv hva dere skal bruke Loop API til: hvilke data dere sender til Loop eller henter derfra, og hvor ofte.",
    ),
    (
        "purpose",
        "No project or customer is named",
        "Prosjekt eller kunde mangler",
        "Name the project or the customer that the access is for, with a reference if there is one.",
        "Skriv hvilket prosjekt eller hvilken kunde tilgangen er for, gjerne med referanse.",
    ),
    (
        "purpose",
        "The purpose does not fit the role",
        "Formålet passer ikke til rollen",
        "What you describe does not fit the role that you chose. A Seller imports items and sales data; a Broker "
        "exports sales data and updates sales statuses. Change the purpose or the role.",
        "Det dere beskriver, passer ikke til rollen dere har valgt. En Seller importerer varer og salgsdata; en Broker "
        "eksporterer salgsdata og oppdaterer salgsstatuser. Endre formålet eller rollen.",
    ),
    (
        "organisation_number",
        "The organisation number was not found",
        "Fant ikke organisasjonsnummeret",
        "We did not find this organisation number in the register. Check the 9 digits, and use the number of the "
        "company that will own the account.",
        "Vi fant ikke organisasjonsnummeret i registeret. Kontroller de 9 sifrene, og bruk nummeret til selskapet som "
        "skal eie kontoen.",
    ),
    (
        "organisation_name",
        "Name and number do not belong together",
        "Navn og nummer hører ikke sammen",
        "The organisation number belongs to a company with another name. Correct the name or the number.",
        "Organisasjonsnummeret tilhører et selskap med et annet navn. Rett navnet eller nummeret.",
    ),
    (
        "role",
        "The role is not clear",
        "Rollen er uklar",
        "Say whether you act as Seller, as Broker or as both in Loop, and choose the role that fits.",
        "Si om dere opptrer som Seller, som Broker eller som begge deler i Loop, og velg rollen som passer.",
    ),
    (
        "environments",
        "The environments are not clear",
        "Miljøene er uklare",
        "Choose the environments that you need now. If you are going to try out your solution first, order TEST; "
        "PRODUCTION can be ordered later.",
        "Velg miljøene dere trenger nå. Skal dere prøve ut løsningen først, bestill TEST; PRODUCTION kan bestilles "
        "senere.",
    ),
    (
        "system",
        "The system is not named",
        "Systemet er ikke navngitt",
        "Name the system that will call the API, for example the ERP system, and who runs it if that is not you.",
        "Skriv navnet på systemet som skal bruke API-et, for eksempel ERP-systemet, og hvem som drifter det hvis det "
        "ikke er dere.",
    ),
    (
        "technical_email",
        "The technical contact’s address is not of the organisation",
        "Teknisk kontakt har en adresse utenfor organisasjonen",
        "The technical contact’s address is not one of your organisation. Enter an address there, or say in the "
        "purpose which supplier works for you.",
        "Adressen til teknisk kontakt hører ikke til organisasjonen. Oppgi en adresse der, eller skriv i formålet "
        "hvilken leverandør som arbeider for dere.",
    ),
    (
        "owner_name",
        "The owner must be a person",
        "Eieren må være en person",
        "Name the person who answers for the account. A department or a shared mailbox cannot own it.",
        "Skriv navnet på personen som står ansvarlig for kontoen. En avdeling eller en felles postkasse kan ikke eie "
        "den.",
    ),
    (
        "owner_email",
        "The owner’s address is private",
        "Eierens adresse er privat",
        "Enter the owner’s address at work. The credentials and the notices go there, so it must not be a private one.",
        "Oppgi eierens adresse på jobb. Tilgangsnøkler og varsler går dit, så den kan ikke være privat.",
    ),
    (
        "",
        "There is an account already",
        "Det finnes en konto fra før",
        "Your organisation already has an account in an environment that you order. Say why one more is needed, or "
        "withdraw the order and use the one you have.",
        "Organisasjonen har allerede en konto i et miljø dere bestiller. Skriv hvorfor det trengs en til, eller trekk "
        "bestillingen og bruk den dere har.",
    ),
]


def install(apps, schema_editor):
    """Put the reasons into an empty catalogue, in this order."""
    reason = apps.get_model("accounts", "ReturnReason")
    if reason.objects.exists():
        return
    reason.objects.bulk_create(
        reason(field=field, title_en=title_en, title_nb=title_nb, text_en=text_en, text_nb=text_nb, position=position)
        for position, (field, title_en, title_nb, text_en, text_nb) in enumerate(REASONS, start=1)
    )


class Migration(migrations.Migration):
    dependencies = [("accounts", "0005_triage_and_deputies")]
    operations = [migrations.RunPython(install, migrations.RunPython.noop)]
