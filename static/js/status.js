// Follows one payment: asks its status as often as the server says, one request at a time, and
// never calls a trouble of ours a failed payment.

import { afterMs } from "./after.js";
import { focusOutcome } from "./outcome.js";

const ABORT_MS = 8_000;
const SLOW_MS = 10_000;
const LEAVE_MS = 60_000;
const STOP_MS = 15 * 60_000;
const EAGER_MS = 300;
const EAGER_FOR_MS = 15_000;
const LAST_MS = 5_000;

class Status {
  constructor(root) {
    this.root = root;
    this.region = root.querySelector("[data-status]");
    this.again = root.querySelector("[data-again]");
    this.suffix = document.title.slice(document.title.indexOf(" · "));
    this.born = performance.now() - Number(root.dataset.ageMs);
    this.deadline = performance.now() + STOP_MS;
    this.eagerUntil = 0;
    this.notBefore = 0;
    this.troubles = 0;
    this.asking = false;
    this.confirming = false;
    this.offered = false;
    this.etag = "";
    /** @type {Promise<import("@stripe/stripe-js").Stripe> | null} */
    this.stripe = null;
  }

  start() {
    if (this.root.dataset.state !== "pending") return;
    this.enableActions();
    document.addEventListener("visibilitychange", () => this.poll());
    window.addEventListener("online", () => this.poll());
    window.addEventListener("offline", () => this.note("offline", true));
    this.root.addEventListener("click", (event) => {
      if (event.target.closest('[data-action="confirm"]')) this.confirm();
    });
    this.again.addEventListener("submit", (event) => this.checkAgain(event));
    for (const [name, after] of /** @type {const} */ ([["slow", SLOW_MS], ["leave", LEAVE_MS]])) {
      setTimeout(() => this.note(name, this.isPending()), Math.max(0, after - this.age()));
    }
    this.schedule(Number(this.root.dataset.firstPollMs));
  }

  age() {
    return performance.now() - this.born;
  }

  isPending() {
    return this.root.dataset.state === "pending";
  }

  schedule(ms) {
    clearTimeout(this.timer);
    const now = performance.now();
    const wait = now < this.eagerUntil ? Math.min(ms, EAGER_MS) : ms;
    this.timer = setTimeout(() => this.poll(), Math.max(wait, this.notBefore - now));
  }

  async poll() {
    if (this.asking || !this.isPending() || document.hidden) return;
    this.note("offline", !navigator.onLine);
    if (!navigator.onLine) return;
    if (performance.now() > this.deadline) {
      this.again.hidden = false;
      return;
    }
    if (performance.now() < this.notBefore) return this.schedule(0);
    this.asking = true;
    const wait = await this.ask();
    this.asking = false;
    if (wait !== null) this.schedule(wait);
  }

  // Returns the milliseconds until the next question, or null when there is none.
  async ask() {
    try {
      const response = await fetch(`${this.root.dataset.url}?partial=1`, {
        headers: { Accept: "application/json", ...(this.etag && { "If-None-Match": this.etag }) },
        cache: "no-store",
        signal: afterMs(ABORT_MS),
      });
      if (response.status === 304) {
        this.troubles = 0;
        return Number(response.headers.get("X-Next-Poll-Ms")) || LAST_MS;
      }
      if (!response.ok) {
        this.notBefore = Math.min(performance.now() + retryAfterMs(response), this.deadline);
        return this.backOff();
      }
      const status = await response.json();
      this.troubles = 0;
      this.etag = response.headers.get("ETag") || "";
      this.show(status);
      return status.next_poll_ms;
    } catch {
      return this.backOff();
    }
  }

  backOff() {
    this.troubles += 1;
    return Math.min(LAST_MS, 500 * 2 ** this.troubles) * (1 + Math.random() / 4);
  }

  show(status) {
    this.secret = status.client_secret;
    if (status.phase !== this.root.dataset.phase) {
      this.root.style.minHeight = `${this.root.offsetHeight}px`;
      this.region.innerHTML = status.html;
      this.enableActions();
      this.root.dataset.phase = status.phase;
      this.root.dataset.state = status.state;
      document.title = this.region.querySelector("[data-title]").dataset.title + this.suffix;
      if (status.state === "failed" || status.phase === "requires_action") focusOutcome(this.region);
    }
    if (status.state === "complete") {
      window.location.replace(status.thankyou_url || `../thankyou?transaction=${status.id}`);
    } else if (status.state === "failed") {
      this.note("slow", false);
      this.note("leave", false);
      this.note("action", false);
      this.again.hidden = true;
    } else if (this.secret && !this.offered) {
      this.confirm();
    }
  }

  // Without a script to press them for, buttons are not shown.
  enableActions() {
    for (const button of this.region.querySelectorAll("[data-action]")) button.hidden = false;
  }

  // Opens the bank's window. Closing it loses nothing: the button opens it again.
  async confirm() {
    if (this.confirming || !this.secret) return;
    this.confirming = this.offered = true;
    this.note("action", false);
    try {
      const stripe = await this.loadStripe();
      const { error } = await stripe.handleNextAction({ clientSecret: this.secret });
      this.note("action", Boolean(error) && this.root.dataset.phase === "requires_action");
      if (!this.isPending()) focusOutcome(this.region); // it came while the window was open
      await this.requestCheck();
    } catch {
      this.note("action", true);
    }
    this.confirming = false;
    this.eagerUntil = performance.now() + EAGER_FOR_MS;
    this.schedule(EAGER_MS);
  }

  requestCheck() {
    return fetch(`${this.root.dataset.url}/checks`, {
      method: "POST",
      headers: { "Content-Type": "application/json", Accept: "application/json" },
      body: "{}",
      signal: afterMs(ABORT_MS),
    });
  }

  loadStripe() {
    this.stripe ??= new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = this.root.dataset.stripeJs;
      const { publishableKey, stripeAccount, locale } = this.root.dataset;
      script.onload = () => resolve(
        /** @type {import("@stripe/stripe-js").StripeConstructor} */
        (window.Stripe)(publishableKey, { locale: /** @type {any} */ (locale), ...(stripeAccount && { stripeAccount }) }),
      );
      script.onerror = () => {
        this.stripe = null;
        reject(new Error("Stripe.js was not loaded"));
      };
      document.head.append(script);
    });
    return this.stripe;
  }

  checkAgain(event) {
    event.preventDefault();
    this.again.hidden = true;
    this.deadline = performance.now() + STOP_MS;
    this.requestCheck().catch(() => {});
    this.schedule(EAGER_MS);
  }

  note(name, shown) {
    const note = this.root.querySelector(`[data-note="${name}"]`);
    if (note.hidden === shown) note.hidden = !shown;
  }
}

// In seconds, or a date.
function retryAfterMs(response) {
  const said = response.headers.get("Retry-After") || "0";
  const ms = /^\d+$/.test(said) ? Number(said) * 1000 : Date.parse(said) - Date.now();
  return Math.max(0, ms || 0);
}

for (const root of document.querySelectorAll('[data-module="status"]')) new Status(root).start();
