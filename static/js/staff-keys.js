// Keys of the dashboard and of the portal: "/" to the search, "j" and "k" through the rows, Enter opens the row,
// "g" and a letter to a page, "?" says them all. They can be switched off (WCAG 2.1.4).

const OFF = "staff-keys-off";
/** @type {HTMLTemplateElement} */
const HELP = document.querySelector("template#keys");
/** @type {NodeListOf<HTMLElement>} */
const KEYS = HELP.content.querySelectorAll("[data-place]");
const PLACES = Object.fromEntries([...KEYS].map((key) => [key.textContent, key.dataset.place]));
let going = 0;

function typing(target) {
  return target.closest("input, select, textarea, [contenteditable]") !== null;
}

function rows() {
  return [...document.querySelectorAll("tr:has(a.go)")];
}

function move(by) {
  const all = rows();
  if (!all.length) return;
  const at = all.findIndex((row) => row.contains(document.activeElement));
  const next = at < 0 ? (by > 0 ? 0 : all.length - 1) : at + by;
  all[Math.min(Math.max(next, 0), all.length - 1)].querySelector("a.go").focus();
}

function help() {
  document.body.append(HELP.content.cloneNode(true));
  const dialog = document.querySelector("dialog");
  dialog.querySelector(`[value=${localStorage.getItem(OFF) ? "off" : "on"}]`).remove();
  dialog.addEventListener("close", () => {
    if (dialog.returnValue === "on") localStorage.removeItem(OFF);
    else if (dialog.returnValue === "off") localStorage.setItem(OFF, "1");
    dialog.remove();
  });
  dialog.showModal();
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
  if (document.querySelector("dialog[open]")) return;
  if (event.key === "?") help();
  if (localStorage.getItem(OFF)) return;
  const gone = performance.now() - going < 1500;
  going = 0;
  if (gone && event.key in PLACES) window.location.assign(PLACES[event.key]);
  else if (event.key === "/") document.querySelector("#q")?.focus();
  else if (event.key === "j") move(1);
  else if (event.key === "k") move(-1);
  else if (event.key === "g") going = performance.now();
  else return;
  event.preventDefault();
});
