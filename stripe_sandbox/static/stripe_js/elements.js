function checkOptions(options) {
  for (const name of ["paymentMethodTypes", "payment_method_types"]) {
    if (name in options) {
      throw new IntegrationError(`Invalid elements(): ${name} is no longer supported, use allowedPaymentMethodTypes.`);
    }
  }
  if (!MODES.includes(options.mode)) {
    throw new IntegrationError(`Invalid value for elements(): mode should be one of ${MODES.join(", ")}.`);
  }
  if (typeof options.currency !== "string" && options.mode !== "setup") {
    throw new IntegrationError("Missing value for elements(): currency should be a string.");
  }
  checkAmount(options);
  const allowed = options.allowedPaymentMethodTypes;
  if (allowed !== undefined && !(Array.isArray(allowed) && allowed.includes("card"))) {
    throw new IntegrationError("Invalid value for elements(): allowedPaymentMethodTypes should list 'card'.");
  }
}

function checkAmount(options) {
  if (options.mode === "payment" && !(Number.isInteger(options.amount) && options.amount > 0)) {
    throw new IntegrationError("Invalid value for elements(): amount should be a positive integer.");
  }
}

class PaymentElement {
  constructor(elements, options) {
    this.elements = elements;
    this.options = options;
    this.handlers = new Map();
    this.answers = new Map();
    this.calls = 0;
  }

  on(event, handler) {
    this.handlers.set(event, [...(this.handlers.get(event) || []), handler]);
    return this;
  }

  once(event, handler) {
    const wrapped = (detail) => {
      this.off(event, wrapped);
      handler(detail);
    };
    return this.on(event, wrapped);
  }

  off(event, handler) {
    const kept = (this.handlers.get(event) || []).filter((each) => handler && each !== handler);
    this.handlers.set(event, kept);
    return this;
  }

  emit(event, detail) {
    for (const handler of this.handlers.get(event) || []) handler({ elementType: "payment", ...detail });
  }

  mount(place) {
    const host = typeof place === "string" ? document.querySelector(place) : place;
    if (!host) {
      throw new IntegrationError(`The selector you specified (${place}) applies to no DOM elements that are currently on the page.`);
    }
    this.unmount();
    this.frame = style(frame("/elements/card", "Secure payment input frame"), { height: "1px" });
    this.frame.addEventListener("load", () => this.connect());
    this.deadline = setTimeout(() => this.emit("loaderror", { error: networkError() }), READY_WITHIN_MS);
    host.replaceChildren(this.frame);
  }

  connect() {
    const channel = new MessageChannel();
    this.port = channel.port1;
    this.port.onmessage = (message) => this.receive(message.data);
    const { stripe, options } = this.elements;
    const settings = { appearance: supported(options.appearance), options: this.options, access: stripe.access, locale: stripe.locale };
    this.frame.contentWindow.postMessage({ sandbox: "connect", settings }, ORIGIN, [channel.port2]);
  }

  receive(data) {
    if ("answer" in data) {
      this.answers.get(data.answer)(data.result);
      this.answers.delete(data.answer);
    } else if (data.event === "height") {
      style(this.frame, { height: `${data.detail}px` });
    } else {
      if (data.event === "ready") clearTimeout(this.deadline);
      this.emit(data.event, data.detail);
    }
  }

  /* Resolves with the frame's answer. */
  ask(call, detail) {
    if (!this.port) {
      return Promise.reject(new IntegrationError("The Payment Element must be mounted before it is used."));
    }
    const answer = ++this.calls;
    return new Promise((resolve) => {
      this.answers.set(answer, resolve);
      this.port.postMessage({ call, answer, detail });
    });
  }

  update(options) {
    Object.assign(this.options, options);
    if (this.port) this.ask("update", this.options);
  }

  dress(appearance) {
    if (this.port) this.ask("dress", { appearance: supported(appearance), options: this.options });
  }

  focus() {
    if (this.port) this.ask("focus");
  }

  unmount() {
    clearTimeout(this.deadline);
    if (this.port) this.port.close();
    if (this.frame) this.frame.remove();
    this.port = this.frame = null;
  }

  destroy() {
    this.unmount();
    this.elements.payment = null;
  }
}

class Elements {
  constructor(stripe, options) {
    checkOptions(options);
    this.stripe = stripe;
    this.options = { ...options };
    this.payment = null;
    this.submitted = false;
  }

  create(type, options = {}) {
    if (type !== "payment") throw new IntegrationError(`The sandbox has no ${type} element.`);
    if (this.payment) {
      throw new IntegrationError("Can only create one Element of type payment through this Elements instance.");
    }
    this.payment = new PaymentElement(this, { ...options });
    return this.payment;
  }

  getElement(type) {
    return type === "payment" ? this.payment : null;
  }

  update(options) {
    const changed = { ...this.options, ...options };
    checkOptions(changed);
    this.options = changed;
    if (options.appearance && this.payment) this.payment.dress(options.appearance);
  }

  async submit() {
    if (!this.payment) throw new IntegrationError("elements.submit() needs a mounted Payment Element.");
    const result = await this.payment.ask("validate");
    this.submitted = !result.error;
    return result.error ? result : { selectedPaymentMethod: "card" };
  }

  async fetchUpdates() {
    return {};
  }
}
