import os
{% if basic %}from urllib.parse import quote_plus
{% endif %}
import httpx

answer = httpx.post(
    {{ token_url }},{% if basic %}
    data={"grant_type": "client_credentials"},
    auth=(quote_plus({{ client_id }}), quote_plus(os.environ["LOOP_CLIENT_SECRET"])),{% else %}
    data={
        "grant_type": "client_credentials",
        "client_id": {{ client_id }},
        "client_secret": os.environ["LOOP_CLIENT_SECRET"],
    },{% endif %}
)
token = answer.raise_for_status().json()["access_token"]
