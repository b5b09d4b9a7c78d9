import os

import httpx

answer = httpx.post(
    {{ token_url }},
    data={
        "grant_type": "client_credentials",
        "client_id": {{ client_id }},
        "client_secret": os.environ["LOOP_CLIENT_SECRET"],
    },
)
token = answer.raise_for_status().json()["access_token"]
