http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
var sales = await http.GetFromJsonAsync<JsonElement>({{ sales_url }});
Console.WriteLine($"{sales.GetProperty("data").GetArrayLength()} sale received");
