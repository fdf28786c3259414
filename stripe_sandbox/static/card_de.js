/* What the card fields say in German: Stripe speaks more languages, our pages these two. */
"use strict";

const LABELS = {
  number: "Kartennummer", expiry: "Gültig bis", cvc: "Prüfziffer", country: "Land", postal: "Postleitzahl (optional)",
};
const SENTENCES = {
  "Your card number is incomplete.": "Die Kartennummer ist unvollständig.",
  "Your card number is invalid.": "Die Kartennummer ist ungültig.",
  "Your card's expiration date is incomplete.": "Das Ablaufdatum der Karte ist unvollständig.",
  "Your card's expiration month is invalid.": "Der Ablaufmonat der Karte ist ungültig.",
  "Your card's expiration year is in the past.": "Das Ablaufjahr der Karte liegt in der Vergangenheit.",
  "Your card's expiration date is in the past.": "Das Ablaufdatum der Karte liegt in der Vergangenheit.",
  "Your card's security code is incomplete.": "Die Prüfziffer der Karte ist unvollständig.",
  "We could not reach the payment service. Please try again.": "Der Zahlungsdienst ist nicht erreichbar. Bitte versuchen Sie es erneut.",
};

/* Put the labels in place; the sentences, by their English. */
function speakGerman(form) {
  document.documentElement.lang = "de";
  for (const [id, words] of Object.entries(LABELS)) form.elements[id].labels[0].textContent = words;
  form.elements.expiry.placeholder = "MM / JJ";
  const names = new Intl.DisplayNames("de", { type: "region" });
  for (const option of form.elements.country.options) option.textContent = names.of(option.value);
  return SENTENCES;
}
