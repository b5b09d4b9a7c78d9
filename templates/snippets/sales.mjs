const sales = await fetch({{ sales_url }}, {
  headers: { Authorization: `Bearer ${token}` },
});
if (!sales.ok) throw new Error(`No sales: HTTP ${sales.status}`);
const { data } = await sales.json();
console.log(`${data.length} sale received`);
