// What is wrong with a form, said in its summary with the focus on it, and beside each field; and
// the lock of its button.

export class Lock {
  // `processing` is what it says while it is locked.
  constructor(button, processing) {
    this.button = button;
    this.processing = processing;
    this.words = button.textContent.trim();
    this.spoken = button.form.querySelector("[data-spoken]");
    this.closed = false;
  }

  close() {
    this.closed = true;
    // Not `disabled`: that would drop the focus; a second press is caught by `closed`.
    this.button.setAttribute("aria-disabled", "true");
    this.button.textContent = this.spoken.textContent = this.processing;
  }

  open() {
    this.closed = false;
    this.button.removeAttribute("aria-disabled");
    this.button.textContent = this.words;
    this.spoken.textContent = "";
  }

  // Shown or not; while it is not, its place is kept where it is still to come.
  offer(shown, coming) {
    this.button.hidden = !shown;
    this.button.parentElement.toggleAttribute("data-waiting", !shown && coming);
  }

  say(words) {
    this.words = words;
    if (!this.closed) this.button.textContent = words;
  }
}

export class Errors {
  // `words` are the page's own, in its language.
  constructor(form, words) {
    this.form = form;
    this.words = words;
    this.summary = form.querySelector("[data-error-summary]");
    this.notice = form.querySelector("[data-sending]");
  }

  // What goes on while the button is locked; empty when nothing does.
  say(words) {
    if (this.notice.textContent !== words) this.notice.textContent = words;
    this.notice.hidden = !words;
  }

  focusIfShown() {
    if (!this.summary.hidden) this.summary.focus();
  }

  // Returns [field, message] where the address can't be one.
  checkEmail() {
    const input = this.form.elements.email;
    input.value = input.value.trim();
    let message = "";
    if (!input.value) message = this.words.emailMissing;
    else if (!input.checkValidity()) message = this.words.emailWrong;
    this.mark("email", message);
    return message ? ["email", message] : null;
  }

  // Only whether there is one: the server knows what it must be.
  checkAnswer() {
    const question = this.form.querySelector("[data-question]");
    const asked = question && !question.hidden;
    const message = asked && !this.form.elements.challenge_answer.value.trim() ? this.words.answerMissing : "";
    if (asked) this.mark("challenge_answer", message);
    return message ? ["challenge_answer", message] : null;
  }

  // A question that the server asks of whoever had several cards declined.
  ask({ question, challenge }) {
    const place = this.form.querySelector("[data-question]");
    place.querySelector("label").textContent = question;
    this.form.elements.challenge.value = challenge;
    this.form.elements.challenge_answer.value = "";
    place.hidden = false;
  }

  clear() {
    this.summary.hidden = true;
    for (const note of this.form.querySelectorAll(".field-error")) this.mark(note.id.replace(/-error$/, ""), "");
  }

  show(problems) {
    this.summary.querySelector("ul").replaceChildren(...problems.map((problem) => item(...problem)));
    // What is wrong with the card stands beside its fields already, in Stripe's frame.
    for (const [name, message] of problems) if (name !== "card" && name) this.mark(name, message);
    this.summary.hidden = false;
    this.summary.focus();
  }

  mark(name, message) {
    const note = document.getElementById(`${name}-error`);
    if (!note) return;
    note.textContent = message;
    note.hidden = !message;
    const field = this.form.querySelector(`#${name}`);
    if (message) field.setAttribute("aria-invalid", "true");
    else field.removeAttribute("aria-invalid");
  }
}

// `see` is the page that shows what is in the way.
function item(name, message, see = "") {
  const line = document.createElement("li");
  if (!name && !see) {
    line.textContent = message;
    return line;
  }
  const link = document.createElement("a");
  link.href = name ? `#${name}` : see;
  link.textContent = message;
  line.append(link);
  return line;
}
