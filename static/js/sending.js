// Sends the form once, however often it takes: all under the one key that the page was made with, so
// that nothing is charged twice. Without a net it is tried again for a minute after the click. Later
// nobody can tell any more what is still wanted: then the key is looked up, and the buyer is asked.
// What is refused is said in place, and what was typed stays, but where the page can't go on.

import { afterMs } from "./after.js";

const AGAIN_MS = 60_000;
const ABORT_MS = 15_000;
const PAUSE_MS = 2_000;
const MOST_MS = 16_000;

export class Sending {
  // `token` makes one for the card that was typed; null where none was. `reprice` shows the price of a newer form.
  constructor(form, token, errors, reprice) {
    this.form = form;
    this.token = token;
    this.errors = errors;
    this.reprice = reprice;
    this.renewed = false;
    form.elements.confirmation_token.value = "";
  }

  // The problems to show, as [field, words]. Where the payment is made, or was, the page is left.
  async run() {
    const until = Date.now() + AGAIN_MS;
    for (let tries = 0; Date.now() < until; tries += 1) {
      const problems = await this.attempt();
      if (problems) return problems;
      this.errors.say(this.errors.words.noNet);
      await pause(tries);
    }
    this.errors.say(this.errors.words.late);
    for (let tries = 0; ; tries += 1) {
      const sent = await this.lookUp();
      if (sent) return this.leave(sent);
      if (sent === "") return [[null, this.errors.words.notSent]];
      await pause(tries);
    }
  }

  // Null where there is no answer, or none that says what became of it.
  async attempt() {
    const given = this.form.elements.confirmation_token;
    try {
      const made = this.token && !given.value ? await this.token() : { id: given.value };
      if (!made) return null;
      if (made.error) return [["card", made.error]];
      given.value = made.id;
      return await this.post();
    } catch {
      return null;
    }
  }

  async post() {
    // Going back, or loading again, asks for this.
    window.history.replaceState(null, "", this.address());
    const response = await fetch(this.form.action, {
      method: "POST",
      headers: { Accept: "application/json" },
      body: new URLSearchParams(/** @type {any} */ (new FormData(this.form))),
      signal: afterMs(ABORT_MS),
    });
    const said = await response.json().catch(() => null);
    if (response.ok && said) return this.leave(said.url);
    if (said && said.error) return this.refused(response.status, said.error);
    // A firewall's, say, which takes a form only or has a page to show. The card goes with it.
    return response.status < 500 ? this.sendPlainly() : null;
  }

  // Any code that is not named here is only said.
  async refused(status, error) {
    const { code, message, url, see, fields } = error;
    // The page can't go on: it is paid, or being paid, or scripts of others ask for a proof, never beside a card.
    if (url && (status === 409 || code === "challenge_required")) return this.leave(url);
    if (code === "form_expired") return this.expired(error);
    if (code === "idempotency_key_reuse") return this.spent();
    if (code === "amount_changed") return this.repriced(message);
    if (code === "challenge_required") this.errors.ask(error);
    if (status >= 500 && code !== "restoring") return null;
    return fields ? Object.entries(fields).map(([name, words]) => [fieldOf(name), words]) : [[null, message, see]];
  }

  // An old form is sent again with a new token of its page, once: nothing typed is lost.
  async expired({ message, url }) {
    const page = await this.page();
    if (isPayment(page.url) || isPayment(url)) return this.leave(isPayment(url) ? url : page.url);
    if (this.renewed || !page.form) return [[null, message]];
    this.renewed = true;
    this.form.elements.csrf_token.value = page.form.elements.csrf_token.value;
    return this.post();
  }

  // Sent with other details before: shown, or, where it is not this browser's any more, asked about under a new key.
  async spent() {
    const { url, form } = await this.page();
    if (isPayment(url)) return this.leave(url);
    if (form) this.form.elements.key.value = form.elements.key.value;
    return [[null, this.errors.words.sentBefore]];
  }

  // Asked for again, by a button with the price of now.
  async repriced(message) {
    const { form } = await this.page();
    if (form && form.dataset.mode !== this.form.dataset.mode) return this.sendPlainly(); // it takes a card now, or none
    if (form) this.reprice(form);
    return [[null, message]];
  }

  // Where the payment of this key is; empty where there is none, null where nobody answers.
  async lookUp() {
    try {
      const { url } = await this.page();
      return isPayment(url) ? url : "";
    } catch {
      return null;
    }
  }

  // The page made anew: its address, and its form if any.
  async page() {
    const answer = await fetch(this.address(), { headers: { Accept: "text/html" }, cache: "no-store", signal: afterMs(ABORT_MS) });
    if (answer.status >= 500 || answer.status === 429) throw new Error("not answered");
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    return { url: answer.url, form: /** @type {HTMLFormElement | null} */ (page.querySelector("form#checkout")) };
  }

  // The key tells the server which payment to show.
  address() {
    const { key, quantity } = this.form.elements;
    return `${this.form.dataset.page}?${new URLSearchParams({ key: key.value, quantity: quantity.value })}`;
  }

  // Never resolves: the page goes away, and its button stays locked.
  leave(url) {
    window.location.assign(url);
    return new Promise(() => {});
  }

  sendPlainly() {
    this.form.submit();
    return new Promise(() => {});
  }
}

function fieldOf(name) {
  return ["payment_method", "confirmation_token", "saved_card"].includes(name) ? "card" : name;
}

function isPayment(url) {
  return /\/(transactions|thankyou)\b/.test(new URL(url, window.location.href).pathname);
}

// Until the net is back, or a while: longer each time, for the server counts who asks often.
function pause(tries) {
  return new Promise((resolve) => {
    setTimeout(resolve, Math.min(PAUSE_MS * 2 ** tries, MOST_MS));
    window.addEventListener("online", resolve, { once: true });
  });
}
