# Once per token: read -rs LOOP_TOKEN   (paste the access_token, then press Enter)
printf 'Authorization: Bearer %s' "$LOOP_TOKEN" |
curl -sS {{ sales_url }} -H @-
