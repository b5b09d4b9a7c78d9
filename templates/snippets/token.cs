using System.Net.Http.Headers;
using System.Net.Http.Json;
{% if basic %}using System.Text;
{% endif %}using System.Text.Json;

using var http = new HttpClient();
{% if basic %}var secret = Environment.GetEnvironmentVariable("LOOP_CLIENT_SECRET")!;
var pair = $"{Uri.EscapeDataString({{ client_id }})}:{Uri.EscapeDataString(secret)}";
var request = new HttpRequestMessage(HttpMethod.Post, {{ token_url }})
{
    Content = new FormUrlEncodedContent(new Dictionary<string, string> { ["grant_type"] = "client_credentials" }),
};
request.Headers.Authorization =
    new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.ASCII.GetBytes(pair)));
var answer = await http.SendAsync(request);
{% else %}var form = new FormUrlEncodedContent(new Dictionary<string, string>
{
    ["grant_type"] = "client_credentials",
    ["client_id"] = {{ client_id }},
    ["client_secret"] = Environment.GetEnvironmentVariable("LOOP_CLIENT_SECRET")!,
});
var answer = await http.PostAsync({{ token_url }}, form);
{% endif %}answer.EnsureSuccessStatusCode();
var fields = await answer.Content.ReadFromJsonAsync<JsonElement>();
var token = fields.GetProperty("access_token").GetString();
