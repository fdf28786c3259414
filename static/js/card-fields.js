// Stripe's own fields, in this page's colours. The card goes from there to Stripe, and a token stands
// for it here.

const dark = window.matchMedia("(prefers-color-scheme: dark)");

export function cardFields(form, errors) {
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
 * What is wrong with the card as it was typed; empty where nothing is.
 * @param {import("@stripe/stripe-js").StripeElements} elements
 */
export async function cardProblem(elements) {
  const { error } = await elements.submit();
  return error ? error.message || "Check the card details." : "";
}

/**
 * The token, or what is wrong; null where Stripe can't be reached now.
 * @param {import("@stripe/stripe-js").Stripe} stripe
 * @param {import("@stripe/stripe-js").StripeElements} elements
 * @param {string} email
 * @returns {Promise<{ id?: string, error?: string } | null>}
 */
export async function tokenOf(stripe, elements, email) {
  const { error, confirmationToken } = await stripe.createConfirmationToken({
    elements,
    params: { payment_method_data: { billing_details: { email } } },
  });
  if (error) return error.type === "api_connection_error" ? null : { error: error.message || "Check the card details." };
  return confirmationToken;
}

// A card is kept for later only with its owner's leave; Stripe must be told before the token is made.
function usage(form) {
  const consent = form.elements.save_card;
  return consent && (consent.type === "hidden" || consent.checked) ? "off_session" : null;
}

/** @param {import("@stripe/stripe-js").StripeElements} elements */
export function followConsent(form, elements) {
  form.elements.save_card?.addEventListener("change", () => elements.update({ setupFutureUsage: usage(form) }));
}
