// A button beside each number that copies it. Made here: without a script there is nothing to press.
for (const text of document.querySelectorAll("[data-copy]")) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "copy";
  button.textContent = "⧉";
  button.setAttribute("aria-label", `Copy ${text.dataset.copyWhat}`);
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(text.dataset.copy);
    } catch {
      return; // the browser lets no page write there: the text can still be selected
    }
    button.textContent = "✓";
    button.setAttribute("aria-label", `Copied ${text.dataset.copyWhat}`);
    setTimeout(() => {
      button.textContent = "⧉";
      button.setAttribute("aria-label", `Copy ${text.dataset.copyWhat}`);
    }, 2000);
  });
  text.after(" ", button);
}
