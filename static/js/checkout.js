// The checkout form: Stripe's fields take the card, a token stands for it, and the form is sent in
// place. Every error unlocks the button and is said in the summary, with the focus on it.

import { cardFields, cardProblem, followConsent, tokenOf } from "./card-fields.js";
import { Errors, Lock } from "./errors.js";
import { Sending } from "./sending.js";

const NO_CARD_SERVICE = "We couldn't reach the card service. No payment was made. Check your connection and try again.";

function start(form) {
  const errors = new Errors(form);
  const lock = new Lock(form.querySelector("[data-pay]"));
  errors.focusIfShown();
  form.elements.email.addEventListener("blur", () => errors.checkEmail());
  // A page that comes back from the browser's memory may have been sent: ask the server.
  window.addEventListener("pageshow", (event) => event.persisted && window.location.reload());
  const fields = form.dataset.publishableKey ? cardFields(form, errors) : null;
  if (fields) takeCard(form, fields, lock);
  else if (form.dataset.publishableKey) return;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!lock.closed) pay(form, fields, errors, lock);
  });
}

function takeCard(form, { elements }, lock) {
  lock.button.hidden = false;
  followQuantity(form, elements, lock);
  followConsent(form, elements);
  followSavedCard(form);
}

async function pay(form, fields, errors, lock) {
  errors.clear();
  lock.close();
  const problems = [errors.checkEmail(), errors.checkAnswer()].filter(Boolean);
  const typed = fields && !savedCard(form);
  const incomplete = typed && (await cardProblem(fields.elements).catch(() => NO_CARD_SERVICE));
  if (incomplete) problems.push(["card", incomplete]);
  const { stripe, elements } = fields || {};
  const token = typed ? () => tokenOf(stripe, elements, form.elements.email.value) : null;
  const found = problems.length ? problems : await new Sending(form, token, errors, lock, elements).run();
  lock.open();
  errors.say("");
  errors.show(found);
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
    for (const sum of document.querySelectorAll("[data-total], [data-line-total]")) sum.textContent = text;
    /** @type {HTMLElement} */ (document.querySelector("[data-quantity]")).textContent = select.value;
    lock.say(`Pay ${text}`);
    elements.update({ amount: Number(amount) });
  };
  select?.addEventListener("change", update);
}

for (const form of document.querySelectorAll('[data-module="checkout"]')) start(form);
