// A button beside each number that copies it. Made here: without a script there is nothing to press.
const ICONS = {
  copy: "M6 6h7v7H6zM10 3H3v7",
  done: "M3 8.5l3.5 3.5L13 4.5",
};

function say(button, icon, words) {
  button.innerHTML = `<svg viewBox="0 0 16 16" aria-hidden="true"><path d="${ICONS[icon]}"/></svg>`;
  button.setAttribute("aria-label", words);
}

for (const text of document.querySelectorAll("[data-copy]")) {
  const { copy, copyWords, copiedWords } = text.dataset;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "copy";
  say(button, "copy", copyWords);
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(copy);
    } catch {
      return; // the browser lets no page write there: the text can still be selected
    }
    say(button, "done", copiedWords);
    setTimeout(() => say(button, "copy", copyWords), 2000);
  });
  text.after(" ", button);
}
