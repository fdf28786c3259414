// The checkout form: Stripe's fields take the card, a token stands for it, and the form is sent as
// any form is. Every error unlocks the button and is said in the summary, with the focus on it.

const dark = window.matchMedia("(prefers-color-scheme: dark)");

function start(form) {
  const button = form.querySelector("[data-pay]");
  const errors = new Errors(form);
  const lock = new Lock(button);
  errors.focusIfShown();
  form.elements.email.addEventListener("blur", () => errors.checkEmail());
  // A page that comes back from the browser's memory may have been sent: ask the server.
  window.addEventListener("pageshow", (event) => event.persisted && window.location.reload());
  if (form.dataset.publishableKey) takeCard(form, errors, lock);
  else form.addEventListener("submit", () => lock.close());
}

function takeCard(form, errors, lock) {
  const fields = cardFields(form, errors);
  if (!fields) return;
  const { stripe, elements } = fields;
  lock.button.hidden = false;
  followQuantity(form, elements, lock);
  followConsent(form, elements);
  followSavedCard(form);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (lock.closed) return;
    errors.clear();
    const emailProblem = errors.checkEmail() || errors.checkAnswer();
    if (savedCard(form)) {
      if (emailProblem) errors.show([emailProblem]);
      else {
        lock.close();
        send(form);
      }
      return;
    }
    lock.close();
    try {
      const token = await tokenOf(stripe, elements, form.elements.email.value);
      if (emailProblem || token.error) {
        lock.open();
        errors.show([emailProblem, token.error && ["card", token.error]].filter(Boolean));
        return;
      }
      form.elements.confirmation_token.value = token.id;
      send(form);
    } catch {
      lock.open();
      errors.show([[null, "We couldn't reach the card service. No payment was made. Check your connection and try again."]]);
    }
  });
}

function cardFields(form, errors) {
  if (!window.Stripe) {
    errors.show([[null, "The card fields couldn't load. No payment was made. Check your connection and reload this page."]]);
    return null;
  }
  const { publishableKey, stripeAccount } = form.dataset;
  const stripe = window.Stripe(publishableKey, stripeAccount && { stripeAccount });
  const { mode, amount } = form.dataset;
  const elements = stripe.elements({
    mode,
    ...(mode === "payment" ? { amount: Number(amount) } : {}),
    currency: form.dataset.currency,
    allowedPaymentMethodTypes: ["card"],
    setupFutureUsage: usage(form),
    appearance: appearance(),
  });
  dark.addEventListener("change", () => elements.update({ appearance: appearance() }));
  const card = elements.create("payment", { layout: "tabs", wallets: { link: "never" } });
  card.on("loaderror", () => errors.show([[null, "The card fields couldn't load. No payment was made. Reload this page."]]));
  card.mount(form.querySelector("[data-card-fields]"));
  return { stripe, elements };
}

/** Stripe's fields in this page's own colours: its frame knows none of our style. */
function appearance() {
  const style = getComputedStyle(document.documentElement);
  const of = (name) => style.getPropertyValue(name).trim();
  /** @type {import("@stripe/stripe-js").Appearance} */
  const said = {
    theme: dark.matches ? "night" : "stripe",
    variables: {
      colorPrimary: of("--accent"),
      colorBackground: of("--paper"),
      colorText: of("--ink"),
      colorTextSecondary: of("--muted"),
      colorDanger: of("--danger"),
      borderRadius: "8px",
    },
    rules: {
      ".Label": { fontWeight: "600" },
      ".Input": { border: `1px solid ${of("--edge")}`, boxShadow: "none" },
      ".Input:focus": { boxShadow: "none", outline: `3px solid ${of("--focus")}` },
    },
  };
  return said;
}

/**
 * @param {import("@stripe/stripe-js").Stripe} stripe
 * @param {import("@stripe/stripe-js").StripeElements} elements
 * @param {string} email
 * @returns {Promise<{ id?: string, error?: string }>}
 */
async function tokenOf(stripe, elements, email) {
  const { error: incomplete } = await elements.submit();
  if (incomplete) return { error: incomplete.message || "Check the card details." };
  const { error, confirmationToken } = await stripe.createConfirmationToken({
    elements,
    params: { payment_method_data: { billing_details: { email } } },
  });
  return error ? { error: error.message || "Check the card details." } : confirmationToken;
}

// Going back asks for this address, whose key tells the server which payment to show instead.
function send(form) {
  const key = encodeURIComponent(form.elements.key.value);
  window.history.replaceState(null, "", `${form.dataset.page}?key=${key}`);
  form.submit();
}

// A card is kept for later only with its owner's leave; Stripe must be told before the token is made.
function usage(form) {
  const consent = form.elements.save_card;
  return consent && (consent.type === "hidden" || consent.checked) ? "off_session" : null;
}

/** @param {import("@stripe/stripe-js").StripeElements} elements */
function followConsent(form, elements) {
  form.elements.save_card?.addEventListener("change", () => elements.update({ setupFutureUsage: usage(form) }));
}

function savedCard(form) {
  return form.querySelector("input[name=saved_card]:checked")?.value || "";
}

function followSavedCard(form) {
  const fields = form.querySelector("[data-new-card]");
  const update = () => {
    fields.hidden = Boolean(savedCard(form));
    // A saved card pays for its owner's address alone.
    form.elements.email.readOnly = fields.hidden;
    if (fields.hidden) form.elements.email.value = form.elements.email.dataset.own;
  };
  for (const radio of form.querySelectorAll("input[name=saved_card]")) radio.addEventListener("change", update);
  update();
}

/**
 * The server formats every price; this only shows the one that was chosen.
 * @param {import("@stripe/stripe-js").StripeElements} elements
 */
function followQuantity(form, elements, lock) {
  const select = form.querySelector("select[name=quantity]");
  const update = () => {
    const { amount, text } = select.selectedOptions[0].dataset;
    form.elements.amount.value = amount;
    /** @type {HTMLElement} */ (document.querySelector("[data-total]")).textContent = text;
    lock.say(`Pay ${text}`);
    elements.update({ amount: Number(amount) });
  };
  select?.addEventListener("change", update);
}

class Lock {
  constructor(button) {
    this.button = button;
    this.words = button.textContent.trim();
    this.closed = false;
  }

  close() {
    this.closed = true;
    // Not `disabled`: that would drop the focus; a second press is caught by `closed`.
    this.button.setAttribute("aria-disabled", "true");
    this.button.textContent = "Processing...";
  }

  open() {
    this.closed = false;
    this.button.removeAttribute("aria-disabled");
    this.button.textContent = this.words;
  }

  say(words) {
    this.words = words;
    if (!this.closed) this.button.textContent = words;
  }
}

class Errors {
  constructor(form) {
    this.form = form;
    this.summary = form.querySelector("[data-error-summary]");
  }

  focusIfShown() {
    if (!this.summary.hidden) this.summary.focus();
  }

  // Returns [field, message] where the address can't be one.
  checkEmail() {
    const input = this.form.elements.email;
    input.value = input.value.trim();
    let message = "";
    if (!input.value) message = "Enter your e-mail address.";
    else if (!input.checkValidity()) message = "Enter an e-mail address like name@example.com.";
    this.mark("email", message);
    return message ? ["email", message] : null;
  }

  // Only whether there is one: the server knows what it must be.
  checkAnswer() {
    const input = this.form.elements.challenge_answer;
    const message = input && !input.value.trim() ? "Answer the question." : "";
    if (input) this.mark("challenge_answer", message);
    return message ? ["challenge_answer", message] : null;
  }

  clear() {
    this.summary.hidden = true;
    this.mark("email", "");
    this.mark("card", "");
  }

  show(problems) {
    this.summary.querySelector("ul").replaceChildren(...problems.map(([name, message]) => item(name, message)));
    // What is wrong with the card stands beside its fields already, in Stripe's frame.
    for (const [name, message] of problems) if (name !== "card" && name) this.mark(name, message);
    this.summary.hidden = false;
    this.summary.focus();
  }

  mark(name, message) {
    const note = document.getElementById(`${name}-error`);
    if (!note) return;
    note.textContent = message;
    note.hidden = !message;
    const field = this.form.querySelector(`#${name}`);
    if (message) field.setAttribute("aria-invalid", "true");
    else field.removeAttribute("aria-invalid");
  }
}

function item(name, message) {
  const line = document.createElement("li");
  if (!name) {
    line.textContent = message;
    return line;
  }
  const link = document.createElement("a");
  link.href = `#${name}`;
  link.textContent = message;
  line.append(link);
  return line;
}

for (const form of document.querySelectorAll('[data-module="checkout"]')) start(form);
