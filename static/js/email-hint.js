// An address at a well-known domain that is spelt otherwise is asked about, and never changed unasked.

const KNOWN = `gmail.com googlemail.com hotmail.com hotmail.co.uk hotmail.de hotmail.fr outlook.com outlook.de live.com live.co.uk
  msn.com yahoo.com yahoo.co.uk yahoo.de yahoo.fr ymail.com icloud.com me.com mac.com aol.com mail.com email.com proton.me
  protonmail.com gmx.com gmx.de gmx.net gmx.at gmx.ch web.de t-online.de freenet.de posteo.de bluewin.ch orange.fr wanadoo.fr
  free.fr laposte.net libero.it fastmail.com zoho.com comcast.net verizon.net att.net qq.com 163.com`.split(/\s+/);
const SHORT = 8; // in letters: up to so many only one may be wrong, else two

export function hintAddress(form) {
  const input = form.elements.email;
  const hint = form.querySelector("[data-email-hint]");
  const button = hint.querySelector("button");
  input.addEventListener("change", () => {
    const likely = likelyAddress(input.value.trim());
    button.textContent = likely;
    hint.hidden = !likely;
  });
  button.addEventListener("click", () => {
    input.value = button.textContent;
    hint.hidden = true;
    input.focus();
  });
}

/** What was probably meant; empty where it is likely right. */
function likelyAddress(address) {
  const at = address.lastIndexOf("@");
  const [name, domain] = [address.slice(0, at), address.slice(at + 1).toLowerCase()];
  if (at < 1 || !domain || KNOWN.includes(domain)) return "";
  const [far, near] = KNOWN.map((known) => /** @type {const} */ ([distance(domain, known), known])).sort(([a], [b]) => a - b)[0];
  return far <= (near.length > SHORT ? 2 : 1) && !isOfAnotherCountry(domain, near) ? `${name}@${near}` : "";
}

// yahoo.ca is no misspelt yahoo.com; gmail.co is one.
function isOfAnotherCountry(domain, known) {
  const [name, ...rest] = domain.split(".");
  const end = rest.join(".");
  return known === `${name}.com` && /^(com?\.)?[a-z]{2}$/.test(end) && !["co", "cm", "om"].includes(end);
}

/** How many letters differ: missing, too many, another, or two that changed places. */
function distance(one, other) {
  const rows = [[...Array(other.length + 1).keys()]];
  for (let i = 1; i <= one.length; i += 1) {
    rows.push([i]);
    for (let j = 1; j <= other.length; j += 1) {
      const same = one[i - 1] === other[j - 1];
      const swapped = i > 1 && j > 1 && one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1];
      rows[i][j] = Math.min(
        rows[i - 1][j] + 1,
        rows[i][j - 1] + 1,
        rows[i - 1][j - 1] + (same ? 0 : 1),
        swapped ? rows[i - 2][j - 2] + 1 : Infinity,
      );
    }
  }
  return rows[one.length][other.length];
}
