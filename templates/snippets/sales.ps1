$sales = Invoke-RestMethod -Uri {{ sales_url }} -Headers @{ Authorization = "Bearer $token" }
"$($sales.data.Count) sale received"
