// Receive webhooks at http://127.0.0.1:3000: node examples/receiver.mjs (SECRET, PORT).
import { createHmac, timingSafeEqual } from "node:crypto";
import { createServer } from "node:http";

const { SECRET, PORT } = process.env;
if (!SECRET) { console.error("Set SECRET to that of the endpoint: whsec_..."); process.exit(1); }
const key = Buffer.from(SECRET.replace("whsec_", ""), "base64");

function isOurs(headers, body) {
  const at = headers["webhook-timestamp"];
  const signed = createHmac("sha256", key).update(`${headers["webhook-id"]}.${at}.`).update(body);
  const ours = Buffer.from(`v1,${signed.digest("base64")}`);
  const theirs = (headers["webhook-signature"] ?? "").split(" ").map((one) => Buffer.from(one));
  const fresh = Math.abs(Date.now() / 1000 - Number(at)) < 300; // an old one may be a copy
  return fresh && theirs.some((one) => one.length === ours.length && timingSafeEqual(one, ours));
}

createServer(async (request, response) => {
  const body = Buffer.concat(await request.toArray());
  if (!isOurs(request.headers, body)) return response.writeHead(401).end();
  const event = JSON.parse(body); // sent twice, it has the same id
  console.log(event.id, event.data.payment?.paid_for?.reference);
  response.writeHead(204).end();
}).listen(PORT ?? 3000, "127.0.0.1");
