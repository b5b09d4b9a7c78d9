import os

import msal

# The tenant and the scope stand in any token that you got from the token URL: decode it at
# your own desk. The tenant is its "tid", the scope its "aud" followed by "/.default".
app = msal.ConfidentialClientApplication(
    {{ client_id }},
    client_credential=os.environ["LOOP_CLIENT_SECRET"],
    authority="https://login.microsoftonline.com/" + os.environ["LOOP_TENANT_ID"],
)
answer = app.acquire_token_for_client(scopes=[os.environ["LOOP_SCOPE"]])
if "access_token" not in answer:
    raise SystemExit(f"No token: {answer.get('error')}")
token = answer["access_token"]
