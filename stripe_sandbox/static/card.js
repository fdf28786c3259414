/* The card fields. Numbers go from here to the sandbox's API and nowhere else; the page around hears
   through its port that a field changed, and gets a token. */
(function () {
  "use strict";

  const form = document.querySelector("form");
  const { number, expiry, cvc, country, postal } = form.elements;
  let access = {};
  let port = null;
  let sentences = {};

  const said = (sentence) => sentences[sentence] || sentence;

  const digits = (field) => field.value.replace(/\D/g, "");
  const isAmex = () => /^3[47]/.test(digits(number));

  function passesLuhn(text) {
    let sum = 0;
    [...text].reverse().forEach((digit, place) => {
      const value = Number(digit) * (place % 2 ? 2 : 1);
      sum += value > 9 ? value - 9 : value;
    });
    return sum % 10 === 0;
  }

  function numberFault() {
    const text = digits(number);
    if (text.length < (isAmex() ? 15 : 16)) return ["incomplete_number", "Your card number is incomplete."];
    return passesLuhn(text) ? null : ["incorrect_number", "Your card number is invalid."];
  }

  function expiryFault() {
    const text = digits(expiry);
    if (text.length < 4) return ["incomplete_expiry", "Your card's expiration date is incomplete."];
    const [month, year] = [Number(text.slice(0, 2)), 2000 + Number(text.slice(2))];
    if (month < 1 || month > 12) return ["invalid_expiry_month", "Your card's expiration month is invalid."];
    const now = new Date();
    if (year < now.getFullYear()) return ["invalid_expiry_year_past", "Your card's expiration year is in the past."];
    const past = year === now.getFullYear() && month < now.getMonth() + 1;
    return past ? ["invalid_expiry_month_past", "Your card's expiration date is in the past."] : null;
  }

  function cvcFault() {
    const short = digits(cvc).length < (isAmex() ? 4 : 3);
    return short ? ["incomplete_cvc", "Your card's security code is incomplete."] : null;
  }

  const FAULTS = new Map([[number, numberFault], [expiry, expiryFault], [cvc, cvcFault]]);

  function show(field, fault) {
    const place = document.getElementById(`${field.name}-error`);
    place.textContent = fault ? said(fault[1]) : "";
    field.setAttribute("aria-invalid", fault ? "true" : "false");
    field.classList.toggle("Input--invalid", Boolean(fault));
    field.labels[0].classList.toggle("Label--invalid", Boolean(fault));
  }

  /* The first fault, after every field has shown its own. */
  function validate() {
    let first = null;
    for (const [field, fault] of FAULTS) {
      const found = fault();
      show(field, found);
      if (found && !first) {
        first = { type: "validation_error", code: found[0], message: said(found[1]) };
        field.focus();
      }
    }
    return first ? { error: first } : {};
  }

  function group(text, sizes) {
    const parts = [];
    for (const size of sizes) {
      if (text) parts.push(text.slice(0, size));
      text = text.slice(size);
    }
    return parts.join(" ");
  }

  const FORMATS = new Map([
    [number, (text) => group(text.slice(0, isAmex() ? 15 : 16), isAmex() ? [4, 6, 5] : [4, 4, 4, 4])],
    [expiry, (text) => {
      const padded = /^[2-9]/.test(text) ? `0${text}` : text;
      return padded.length > 2 ? `${padded.slice(0, 2)} / ${padded.slice(2, 4)}` : padded;
    }],
    [cvc, (text) => text.slice(0, isAmex() ? 4 : 3)],
  ]);

  function reformat(field) {
    const before = field.value.slice(0, field.selectionStart).replace(/\D/g, "").length;
    const atEnd = field.selectionStart === field.value.length;
    field.value = FORMATS.get(field)(digits(field));
    if (atEnd) return;
    let place = 0;
    for (let seen = 0; place < field.value.length && seen < before; place += 1) {
      if (/\d/.test(field.value[place])) seen += 1;
    }
    field.setSelectionRange(place, place);
  }

  function tell(event, detail) {
    if (port) port.postMessage({ event, detail });
  }

  function changed() {
    const complete = [...FAULTS.values()].every((fault) => !fault());
    const empty = [...FAULTS.keys()].every((field) => !field.value);
    tell("change", { complete, empty, collapsed: false, value: { type: "card" } });
  }

  /* Nested objects as Stripe's form encoding has them. */
  function flatten(value, name, into) {
    if (value && typeof value === "object") {
      for (const [key, item] of Object.entries(value)) flatten(item, name ? `${name}[${key}]` : key, into);
    } else if (value !== undefined && value !== null && value !== "") {
      into.append(name, value);
    }
    return into;
  }

  async function tokenize(params) {
    const faults = validate();
    if (faults.error) return faults;
    const text = digits(expiry);
    const { payment_method_data: given = {}, ...rest } = params || {};
    const billing = given.billing_details || {};
    const address = { country: country.value, postal_code: postal.value, ...billing.address };
    const card = { number: digits(number), exp_month: text.slice(0, 2), exp_year: `20${text.slice(2)}`, cvc: digits(cvc) };
    const data = { ...given, type: "card", card, billing_details: { ...billing, address } };
    const body = flatten({ ...access, ...rest, payment_method_data: data }, "", new URLSearchParams());
    try {
      const answer = await (await fetch("/v1/confirmation_tokens", { method: "POST", body })).json();
      return answer.error ? answer : { confirmationToken: answer };
    } catch {
      return { error: { type: "api_connection_error", message: said("We could not reach the payment service. Please try again.") } };
    }
  }

  /* The variables are custom properties of the same names; the rules come after card.css, in their order. By CSSOM: the policy forbids styles in text. */
  function dress({ appearance, options }) {
    document.documentElement.classList.toggle("night", appearance.theme === "night");
    const sheet = new CSSStyleSheet();
    const variables = Object.entries(appearance.variables || {}).map(([name, value]) => [`--${name}`, value]);
    for (const [selector, rule] of [[":root:root", Object.fromEntries(variables)], ...Object.entries(appearance.rules || {})]) {
      const { style } = sheet.cssRules[sheet.insertRule(`${selector} {}`, sheet.cssRules.length)];
      for (const [property, value] of Object.entries(rule)) style.setProperty(dashed(property), value);
    }
    document.adoptedStyleSheets = [sheet];
    return update(options);
  }

  const dashed = (property) => (property.startsWith("-") ? property : property.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`));

  function update(options) {
    const details = (options.fields || {}).billingDetails;
    const address = details && details.address;
    document.getElementById("address").hidden = details === "never" || address === "never" || Boolean(address && address.country === "never");
    for (const field of form.querySelectorAll("input")) field.readOnly = Boolean(options.readOnly);
    return {};
  }

  const CALLS = { validate, tokenize, update, dress, focus: () => number.focus() };

  /* Only the page around may connect, and only once. */
  window.addEventListener("message", (message) => {
    if (port || message.source !== window.parent || !message.data || message.data.sandbox !== "connect") return;
    [port] = message.ports;
    access = message.data.settings.access;
    port.onmessage = async ({ data }) => {
      port.postMessage({ answer: data.answer, result: (await CALLS[data.call](data.detail)) || {} });
    };
    const { locale } = message.data.settings;
    if ((!locale || locale === "auto" ? navigator.language : locale).startsWith("de")) sentences = speakGerman(form);
    dress(message.data.settings);
    new ResizeObserver(() => tell("height", Math.ceil(document.documentElement.getBoundingClientRect().height))).observe(document.body);
    tell("ready", {});
  });

  for (const field of FAULTS.keys()) {
    field.addEventListener("input", () => {
      reformat(field);
      show(field, null);
      changed();
    });
    field.addEventListener("blur", () => {
      if (field.value) show(field, FAULTS.get(field)());
    });
  }
  form.addEventListener("focusin", () => tell("focus", {}));
  form.addEventListener("focusout", (event) => {
    if (!event.relatedTarget) tell("blur", {});
  });
  form.addEventListener("submit", (event) => event.preventDefault());
})();
