$answer = Invoke-RestMethod -Method Post -Uri {{ token_url }} -Body @{
    grant_type    = 'client_credentials'
    client_id     = {{ client_id }}
    client_secret = $env:LOOP_CLIENT_SECRET
}
$token = $answer.access_token
