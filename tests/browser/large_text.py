"""Whether a page can be read with its text twice as large, on a phone."""

from __future__ import annotations

from playwright.sync_api import Page

from tests.browser.buyer import PAINTED

_SIZE = "size => { document.documentElement.style.fontSize = size; }"
# What reaches over an edge of the page, what is cut off by its own box, and texts or fields that
# lie over each other. A line's box may reach a little into the next one.
_CRAMPED = r"""() => {
  const found = [];
  // The bank's window is Stripe's, and lies over the page.
  const unread = ".visually-hidden, .skip, [aria-hidden=true], [role=dialog]";
  const hidden = (node) => node.closest(unread)
    || !node.checkVisibility({ visibilityProperty: true, opacityProperty: true });
  const words = (node) => (node.data ?? node.innerText ?? "").trim().slice(0, 40);
  const named = (node) => `${node.tagName ?? ""}.${node.className ?? ""} ${words(node)}`;
  const wide = document.documentElement.scrollWidth;
  if (wide > window.innerWidth) found.push(`it scrolls sideways: ${wide}`);
  const boxes = [];
  for (const node of document.querySelectorAll("body *")) {
    if (hidden(node)) continue;
    const { left, right, width } = node.getBoundingClientRect();
    const beyond = right > window.innerWidth + 1 || left < -1;
    if (width && beyond) found.push(`over the edge: ${named(node)}`);
    const style = getComputedStyle(node);
    const field = node.matches("input:not([type=hidden]), select, textarea");
    const wider = node.scrollWidth > node.clientWidth + 1;
    const cut = wider || node.scrollHeight > node.clientHeight + 1;
    if (style.overflow !== "visible" && !field && node.clientWidth && cut && node.innerText)
      found.push(`cut off: ${named(node)}`);
    if (node.matches("button, .button") && node.clientWidth && wider)
      found.push(`out of its button: ${named(node)}`);
    if (field) boxes.push([node, node.getBoundingClientRect()]);
  }
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const node = texts.currentNode;
    if (!node.data.trim() || hidden(node.parentElement)) continue;
    if (node.parentElement.closest("script, style, noscript, option, iframe")) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    for (const box of range.getClientRects()) boxes.push([node, box]);
  }
  const inside = ({ left, right, top, bottom }) => {
    const slack = (bottom - top) / 4;
    return { left: left + 2, right: right - 2, top: top + slack, bottom: bottom - slack };
  };
  boxes.forEach(([one, first], index) => {
    for (const [other, second] of boxes.slice(index + 1)) {
      if (one === other) continue;
      const [a, b] = [inside(first), inside(second)];
      if (a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom)
        found.push(`over each other: ${named(one)} | ${named(other)}`);
    }
  });
  return [...new Set(found)];
}"""


def cramped(page: Page) -> list[str]:
    """What can't be read there; the page is as large as before in the end."""
    page.set_viewport_size({"width": 390, "height": 844})
    page.evaluate(_SIZE, "200%")
    page.evaluate(PAINTED)
    found: list[str] = page.evaluate(_CRAMPED)
    page.evaluate(_SIZE, "")
    return found
