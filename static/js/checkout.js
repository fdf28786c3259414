// The checkout form: Stripe's fields take the card, a token stands for it, and the form is sent in
// place. Every error unlocks the button and is said in the summary, with the focus on it.

import { CardFields } from "./card-fields.js";
import { hintAddress } from "./email-hint.js";
import { Errors, Lock } from "./errors.js";
import { Sending } from "./sending.js";

function start(form) {
  const words = JSON.parse(form.dataset.words);
  const errors = new Errors(form, words);
  const lock = new Lock(form.querySelector("[data-pay]"), words.processing);
  // A receipt tells the time of the buyer's own clock.
  form.elements.time_zone.value = Intl.DateTimeFormat().resolvedOptions().timeZone || "";
  errors.focusIfShown();
  form.elements.email.addEventListener("blur", () => errors.checkEmail());
  hintAddress(form);
  // A page that comes back from the browser's memory may have been sent: ask the server.
  window.addEventListener("pageshow", (event) => event.persisted && window.location.reload());
  const fields = form.dataset.publishableKey ? takeCard(form, errors, lock) : null;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (!lock.closed && !lock.button.hidden) pay(form, fields, errors, lock);
  });
}

// The button is there with the fields, or with a saved card in their place.
function takeCard(form, errors, lock) {
  const offer = () => {
    const saved = Boolean(savedCard(form));
    lock.offer(saved || fields.ready, saved || !fields.gone);
    if (fields.gone && !saved) errors.show([[null, fields.gone]]);
  };
  const fields = new CardFields(form, errors.words, offer);
  followQuantity(form, fields, lock, errors.words);
  followSavedCard(form, offer);
  errors.summary.addEventListener("click", (event) => {
    if (!fields.ready || !event.target.closest('a[href="#card"]')) return;
    event.preventDefault();
    fields.focus();
  });
  return fields;
}

async function pay(form, fields, errors, lock) {
  errors.clear();
  lock.close();
  const problems = [errors.checkEmail(), errors.checkAnswer()].filter(Boolean);
  const typed = fields && !savedCard(form);
  const incomplete = typed && (await fields.problem().catch(() => errors.words.noCardService));
  if (incomplete) problems.push(["card", incomplete]);
  const token = typed ? () => fields.token() : null;
  const reprice = (now) => showPrice(form, now, fields, lock);
  const found = problems.length ? problems : await new Sending(form, token, errors, reprice).run();
  lock.open();
  errors.say("");
  errors.show(found);
}

function savedCard(form) {
  return form.querySelector("input[name=saved_card]:checked")?.value || "";
}

function followSavedCard(form, changed) {
  const fields = form.querySelector("[data-new-card]");
  const update = () => {
    fields.hidden = Boolean(savedCard(form));
    // A saved card pays for its owner's address alone.
    form.elements.email.readOnly = fields.hidden;
    if (fields.hidden) form.elements.email.value = form.elements.email.dataset.own;
    changed();
  };
  for (const radio of form.querySelectorAll("input[name=saved_card]")) radio.addEventListener("change", update);
  update();
}

// The server formats every price; this only shows the one that was chosen.
function followQuantity(form, fields, lock, words) {
  form.addEventListener("change", ({ target }) => {
    if (target.name !== "quantity") return;
    const { amount, text } = target.selectedOptions[0].dataset;
    form.elements.amount.value = amount;
    for (const sum of document.querySelectorAll("[data-total], [data-line-total]")) sum.textContent = text;
    /** @type {HTMLElement} */ (document.querySelector("[data-quantity]")).textContent = target.value;
    lock.say(words.pay.replace("{amount}", () => text));
    fields.update({ amount: Number(amount) });
  });
}

// That of `now`, the form as the server makes it anew.
function showPrice(form, now, fields, lock) {
  const [amount, currency] = [now.elements.amount.value, now.elements.currency.value];
  form.elements.amount.value = amount;
  form.elements.currency.value = currency;
  for (const part of ["section.order", "details.reveal [data-total]", "[name=quantity]"]) {
    const other = now.ownerDocument.querySelector(part);
    if (other) document.querySelector(part)?.replaceWith(other);
  }
  lock.say(now.querySelector("[data-pay]").textContent.trim());
  if (form.dataset.mode === "payment") fields.update({ amount: Number(amount), currency });
}

for (const form of document.querySelectorAll('[data-module="checkout"]')) start(form);
