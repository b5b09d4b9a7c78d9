{% if basic %}$pair = ({{ client_id }}, $env:LOOP_CLIENT_SECRET | ForEach-Object { [uri]::EscapeDataString($_) }) -join ':'
$basic = [Convert]::ToBase64String([Text.Encoding]::ASCII.GetBytes($pair))
$answer = Invoke-RestMethod -Method Post -Uri {{ token_url }} -Headers @{ Authorization = "Basic $basic" } -Body @{
    grant_type    = 'client_credentials'
}{% else %}$answer = Invoke-RestMethod -Method Post -Uri {{ token_url }} -Body @{
    grant_type    = 'client_credentials'
    client_id     = {{ client_id }}
    client_secret = $env:LOOP_CLIENT_SECRET
}{% endif %}
$token = $answer.access_token
