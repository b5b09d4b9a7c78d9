{% if basic %}const pair = [{{ client_id }}, process.env.LOOP_CLIENT_SECRET].map(encodeURIComponent).join(":");
const answer = await fetch({{ token_url }}, {
  method: "POST",
  headers: { Authorization: `Basic ${Buffer.from(pair).toString("base64")}` },
  body: new URLSearchParams({ grant_type: "client_credentials" }),
});{% else %}const answer = await fetch({{ token_url }}, {
  method: "POST",
  body: new URLSearchParams({
    grant_type: "client_credentials",
    client_id: {{ client_id }},
    client_secret: process.env.LOOP_CLIENT_SECRET,
  }),
});{% endif %}
if (!answer.ok) throw new Error(`No token: HTTP ${answer.status}`);
const { access_token: token } = await answer.json();
