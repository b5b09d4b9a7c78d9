const answer = await fetch({{ token_url }}, {
  method: "POST",
  body: new URLSearchParams({
    grant_type: "client_credentials",
    client_id: {{ client_id }},
    client_secret: process.env.LOOP_CLIENT_SECRET,
  }),
});
if (!answer.ok) throw new Error(`No token: HTTP ${answer.status}`);
const { access_token: token } = await answer.json();
