answer = httpx.get(
    {{ sales_address }},
    params={"page": 1, "limit": 1, "countQueries": "true"},
    headers={"Authorization": f"Bearer {token}"},
)
sales = answer.raise_for_status().json()["data"]
print(f"{len(sales)} sale received")
