// Ask for a payment and wait for it: node examples/client.mjs (PAY, KEY).
import { randomUUID } from "node:crypto";

const { PAY, KEY } = process.env;
if (!PAY || !KEY) { console.error("Set PAY and KEY, as docs/quickstart-api.md says."); process.exit(1); }

async function call(path, body) {
  const headers = { Authorization: `Bearer ${KEY}`, "Idempotency-Key": randomUUID() };
  if (body) headers["Content-Type"] = "application/json";
  const sent = { method: body ? "POST" : "GET", headers, body: body && JSON.stringify(body) };
  const answer = await fetch(`${PAY}/api/v1/${path}`, sent);
  if (!answer.ok) throw new Error(await answer.text());
  return answer.json();
}

const wish = { amount: 2500, currency: "usd", description: "Two tickets", reference: "booking-1" };
let payment = await call("payments", { ...wish, return_url: "https://shop.example.com/back" });
console.log("Send the buyer to", payment.next_url);
while (["requires_payment", "processing", "requires_action"].includes(payment.status)) {
  await new Promise((done) => setTimeout(done, 1000));
  payment = await call(`payments/${payment.id}`);
}
console.log(payment.id, payment.status);
