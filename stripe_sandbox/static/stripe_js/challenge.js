const BANKS_WORDS = {
  en: { title: "Your bank's check", cancel: "Cancel" },
  de: { title: "Die Prüfung Ihrer Bank", cancel: "Abbrechen" },
};

/* The bank's window, in the language of the page around it where it speaks that. */
function challenge(url, locale) {
  const language = spokenBy(locale);
  const words = BANKS_WORDS[language];
  return new Promise((resolve) => {
    const before = document.activeElement;
    const dialog = style(document.createElement("div"), {
      position: "fixed", inset: "0", zIndex: "2147483647", display: "flex", flexDirection: "column",
      alignItems: "center", justifyContent: "center", background: "rgba(20, 24, 33, 0.6)", padding: "16px",
    });
    dialog.setAttribute("role", "dialog");
    dialog.setAttribute("aria-modal", "true");
    dialog.setAttribute("aria-label", words.title);
    const bank = style(frame(`${url}?lang=${language}`, `${words.title} (3-D Secure)`), {
      background: "#fff", borderRadius: "8px", height: "min(480px, 80vh)", maxWidth: "440px",
    });
    const close = style(document.createElement("button"), {
      alignSelf: "center", background: "#fff", border: "0", borderRadius: "6px", color: "#1a1f36",
      cursor: "pointer", font: "600 16px/1 system-ui, sans-serif", marginTop: "12px", minHeight: "44px", padding: "0 20px",
    });
    close.type = "button";
    close.id = "stripe-challenge-close";
    close.textContent = words.cancel;
    const finish = () => {
      window.removeEventListener("message", hear);
      document.removeEventListener("keydown", escape);
      dialog.remove();
      for (const node of around) node.inert = false;
      if (before && before.focus) before.focus();
      resolve();
    };
    const hear = (message) => {
      const ours = message.origin === ORIGIN && message.source === bank.contentWindow;
      if (ours && message.data.sandbox === "answered") finish();
    };
    /* As at Stripe, leaving the window fails the check. */
    const refuse = () => {
      const body = new URLSearchParams({ answer: "fail" });
      fetch(url, { method: "POST", mode: "no-cors", body }).then(finish, finish);
    };
    const escape = (event) => {
      if (event.key === "Escape") refuse();
    };
    window.addEventListener("message", hear);
    document.addEventListener("keydown", escape);
    close.addEventListener("click", refuse);
    dialog.append(bank, close);
    const around = [...document.body.children].filter((node) => !node.inert);
    for (const node of around) node.inert = true;
    document.body.append(dialog);
    bank.focus();
  });
}
