// Leads the focus to a payment's outcome, so that who uses a keyboard or a screen reader is there at once.

const BUSY = "iframe, input, textarea, select, [contenteditable]";

/** To its heading; not where the buyer types, nor out of the bank's window. */
export function focusOutcome(root) {
  const heading = root.querySelector("h1");
  if (!heading || document.activeElement?.matches(BUSY)) return;
  heading.tabIndex = -1;
  heading.focus();
}

// Where a page of ours leads on to it: not after a reload, nor from a link in a mail.
const [navigation] = /** @type {PerformanceNavigationTiming[]} */ (performance.getEntriesByType("navigation"));
if (navigation?.type === "navigate" && document.referrer.startsWith(`${location.origin}/`)) {
  for (const root of document.querySelectorAll("[data-outcome]")) focusOutcome(root);
}
