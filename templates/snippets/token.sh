# Once per terminal: read -rs LOOP_CLIENT_SECRET   (paste the secret, then press Enter)
{% if basic %}printf 'Authorization: Basic %s' "$(printf '%s:%s' {{ client_id }} "$LOOP_CLIENT_SECRET" | base64 | tr -d '\n')" |
curl -sS {{ token_url }} -H @- --data-urlencode grant_type=client_credentials
{% else %}printf %s "$LOOP_CLIENT_SECRET" |
curl -sS {{ token_url }} \
  --data-urlencode grant_type=client_credentials \
  --data-urlencode {{ client_id_field }} \
  --data-urlencode client_secret@-
{% endif %}