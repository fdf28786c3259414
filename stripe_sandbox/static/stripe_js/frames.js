/* What our pages use of Stripe.js, with its own signatures: https://docs.stripe.com/js.
   The parts are served as one script. Card fields and the bank's window are frames of its origin, so that
   card numbers never reach the page around them. Styled through CSSOM only: style-src stays 'self'. */

const ORIGIN = new URL(document.currentScript.src).origin;
const READY_WITHIN_MS = 15000;
const MODES = ["payment", "setup", "subscription"];

class IntegrationError extends Error {
  constructor(message) {
    super(message);
    this.name = "IntegrationError";
  }
}

function style(node, rules) {
  Object.assign(node.style, rules);
  return node;
}

function frame(path, title) {
  const node = document.createElement("iframe");
  node.src = path.startsWith(ORIGIN) ? path : ORIGIN + path;
  node.title = title;
  node.setAttribute("allow", "payment *");
  return style(node, { border: "0", display: "block", width: "100%" });
}

/* Of the languages that our pages have, the one that is asked for. */
function spokenBy(locale) {
  return (!locale || locale === "auto" ? navigator.language : locale).startsWith("de") ? "de" : "en";
}

function networkError() {
  return { type: "api_connection_error", message: "We could not reach the payment service. Please try again." };
}
