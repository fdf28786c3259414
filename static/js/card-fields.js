// Stripe's own fields, in this page's type and colours. The card goes from there to Stripe, and a token stands
// for it here. Until they are there a skeleton keeps their place, and after a while a sentence.

const LATE_MS = 8_000;
const dark = window.matchMedia("(prefers-color-scheme: dark)");

export class CardFields {
  // `changed` is called when the fields are there, or can't be: `ready`, or `gone` in words.
  constructor(form, words, changed) {
    this.form = form;
    this.words = words;
    this.changed = changed;
    this.box = form.querySelector("[data-card-box]");
    this.late = form.querySelector("[data-card-late]");
    this.ready = false;
    this.gone = "";
    this.timer = setTimeout(() => (this.late.hidden = false), LATE_MS);
    load(form.dataset.stripeJs)
      .then(() => this.mount())
      .catch(() => this.end(words.fieldsGone));
  }

  mount() {
    if (!window.Stripe) throw new Error("Stripe.js was not loaded");
    const { publishableKey, stripeAccount, mode, locale } = this.form.dataset;
    /** @type {import("@stripe/stripe-js").Stripe} */
    this.stripe = window.Stripe(publishableKey, { locale: /** @type {any} */ (locale), ...(stripeAccount && { stripeAccount }) });
    /** @type {import("@stripe/stripe-js").StripeElements} */
    this.elements = this.stripe.elements({
      mode,
      ...(mode === "payment" ? { amount: Number(this.form.elements.amount.value) } : {}),
      currency: this.form.dataset.currency,
      allowedPaymentMethodTypes: ["card"],
      setupFutureUsage: usage(this.form),
      appearance: appearance(),
    });
    dark.addEventListener("change", () => this.elements.update({ appearance: appearance() }));
    this.form.elements.save_card?.addEventListener("change", () => this.elements.update({ setupFutureUsage: usage(this.form) }));
    this.card = this.elements.create("payment", { layout: "tabs", wallets: { link: "never" } });
    this.card.on("ready", () => this.end(""));
    this.card.on("loaderror", () => this.end(this.words.fieldsFailed));
    this.card.mount(this.form.querySelector("[data-card-fields]"));
  }

  // They are there; or can't be, in words.
  end(gone) {
    clearTimeout(this.timer);
    this.late.hidden = true;
    this.ready = !gone;
    this.gone = gone;
    this.box.dataset.cardBox = gone ? "gone" : "ready";
    this.changed();
  }

  update(options) {
    this.elements?.update(options);
  }

  focus() {
    this.card?.focus();
  }

  // What is wrong with the card as it was typed; empty where nothing is.
  async problem() {
    const { error } = await this.elements.submit();
    return error ? error.message || this.words.cardWrong : "";
  }

  /**
   * The token, or what is wrong; null where Stripe can't be reached now.
   * @returns {Promise<{ id?: string, error?: string } | null>}
   */
  async token() {
    const email = this.form.elements.email.value;
    const { error, confirmationToken } = await this.stripe.createConfirmationToken({
      elements: this.elements,
      params: { payment_method_data: { billing_details: { email } } },
    });
    if (error) return error.type === "api_connection_error" ? null : { error: error.message || this.words.cardWrong };
    return confirmationToken;
  }
}

// Not a script of the page: one that is slow would keep the page's own from running.
function load(src) {
  return new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = src;
    script.onload = resolve;
    script.onerror = reject;
    document.head.append(script);
  });
}

/** Stripe's fields as site.css has this page's own: its frame knows none of our style. */
function appearance() {
  const { fontFamily, fontSize } = getComputedStyle(document.body);
  const style = getComputedStyle(document.documentElement);
  const of = (name) => style.getPropertyValue(name).trim();
  /** @type {import("@stripe/stripe-js").Appearance} */
  const said = {
    theme: dark.matches ? "night" : "stripe",
    labels: "above",
    variables: {
      fontFamily,
      fontSizeBase: fontSize,
      fontLineHeight: "1.55",
      colorPrimary: of("--accent"),
      colorBackground: of("--paper"),
      colorText: of("--ink"),
      colorTextSecondary: of("--muted"),
      colorTextPlaceholder: of("--muted"),
      colorDanger: of("--danger"),
      borderRadius: "8px",
    },
    rules: {
      ".Label": { color: of("--ink"), fontSize: "1rem", fontWeight: "600", marginBottom: "0.25rem" },
      ".Input": { border: `1px solid ${of("--edge")}`, boxShadow: "none", color: of("--ink"), padding: "0.6rem 0.75rem" },
      ".Input:focus": { boxShadow: "none", outline: `3px solid ${of("--focus")}`, outlineOffset: "1px" },
      ".Input--invalid": { borderColor: of("--danger"), boxShadow: `0 0 0 1px ${of("--danger")}`, color: of("--ink") },
      ".Error": { color: of("--danger"), fontSize: "0.9375rem", fontWeight: "550", marginTop: "0.375rem" },
    },
  };
  return said;
}

// A card is kept for later only with its owner's leave; Stripe must be told before the token is made.
function usage(form) {
  const consent = form.elements.save_card;
  return consent && (consent.type === "hidden" || consent.checked) ? "off_session" : null;
}
