// Keys of the dashboard and of the portal: "/" to the search, "j" and "k" through the rows, Enter opens the row,
// "g" and a letter to a page, "?" says them all. They can be switched off (WCAG 2.1.4).

const OFF = "staff-keys-off";
const AREAS = {
  staff: { o: "", p: "payments", d: "disputes", a: "alerts" },
  portal: { p: "payments", s: "statements", w: "webhooks" },
};
const AREA = document.body.dataset.area ?? "staff";
const PLACES = AREAS[AREA];
// Below the prefix of an application that we may be part of, as this file itself is.
const BASE = `${new URL(import.meta.url).pathname.split("/static/")[0]}/${AREA}/`;
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
  const dialog = document.createElement("dialog");
  dialog.className = "dialog";
  const off = localStorage.getItem(OFF);
  dialog.innerHTML = `<h2>Keys</h2>
    <dl class="facts"><dt><kbd>/</kbd></dt><dd>Search</dd>
    <dt><kbd>j</kbd> <kbd>k</kbd></dt><dd>Next and previous row</dd>
    <dt><kbd>Enter</kbd></dt><dd>Open the row</dd>
    <dt><kbd>g</kbd> then ${Object.keys(PLACES).map((key) => `<kbd>${key}</kbd>`).join(" ")}</dt>
    <dd>${Object.values(PLACES).map((place) => place || "overview").join(", ")}</dd></dl>
    <form method="dialog" class="acts"><button type="submit" value="switch" class="button quiet">
    Switch the keys ${off ? "on" : "off"}</button> <button type="submit" autofocus>Close</button></form>`;
  document.body.append(dialog);
  dialog.addEventListener("close", () => {
    if (dialog.returnValue === "switch") {
      if (off) localStorage.removeItem(OFF);
      else localStorage.setItem(OFF, "1");
    }
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
  if (gone && event.key in PLACES) window.location.assign(BASE + PLACES[event.key]);
  else if (event.key === "/") document.querySelector("#q")?.focus();
  else if (event.key === "j") move(1);
  else if (event.key === "k") move(-1);
  else if (event.key === "g") going = performance.now();
  else return;
  event.preventDefault();
});
