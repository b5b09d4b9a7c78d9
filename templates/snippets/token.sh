# Once per terminal: read -rs LOOP_CLIENT_SECRET   (paste the secret, then press Enter)
printf %s "$LOOP_CLIENT_SECRET" |
curl -sS {{ token_url }} \
  --data-urlencode grant_type=client_credentials \
  --data-urlencode {{ client_id_field }} \
  --data-urlencode client_secret@-
