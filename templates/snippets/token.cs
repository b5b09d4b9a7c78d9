using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;

using var http = new HttpClient();
var form = new FormUrlEncodedContent(new Dictionary<string, string>
{
    ["grant_type"] = "client_credentials",
    ["client_id"] = {{ client_id }},
    ["client_secret"] = Environment.GetEnvironmentVariable("LOOP_CLIENT_SECRET")!,
});
var answer = await http.PostAsync({{ token_url }}, form);
answer.EnsureSuccessStatusCode();
var fields = await answer.Content.ReadFromJsonAsync<JsonElement>();
var token = fields.GetProperty("access_token").GetString();
