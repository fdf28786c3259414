class Stripe {
  constructor(key, options = {}) {
    if (typeof key !== "string" || !key.startsWith("pk_test_")) {
      throw new IntegrationError("Please call Stripe() with your publishable key. You used an empty string or another kind of key.");
    }
    this.access = { key };
    this.locale = options.locale;
    if (options.stripeAccount) this.access._stripe_account = options.stripeAccount;
  }

  elements(options = {}) {
    return new Elements(this, options);
  }

  async createConfirmationToken({ elements, params = {} }) {
    if (!elements.submitted) {
      throw new IntegrationError("elements.submit() must be called before stripe.createConfirmationToken().");
    }
    const usage = elements.options.setupFutureUsage || elements.options.setup_future_usage;
    return elements.payment.ask("tokenize", usage ? { ...params, setup_future_usage: usage } : params);
  }

  async handleNextAction({ clientSecret }) {
    const [kind, name] = intentKind(clientSecret);
    const found = await this.fetchIntent(kind, clientSecret);
    if (found.error || found.intent.status !== "requires_action") return outcome(found, name);
    const action = found.intent.next_action;
    if (action.type === "redirect_to_url") {
      window.location.assign(action.redirect_to_url.url);
      return new Promise(() => {});
    }
    await challenge(action.use_stripe_sdk.stripe_js, this.locale);
    return outcome(await this.fetchIntent(kind, clientSecret), name);
  }

  async retrievePaymentIntent(clientSecret) {
    const found = await this.fetchIntent("payment_intents", clientSecret);
    return found.error ? found : { paymentIntent: found.intent };
  }

  async retrieveSetupIntent(clientSecret) {
    const found = await this.fetchIntent("setup_intents", clientSecret);
    return found.error ? found : { setupIntent: found.intent };
  }

  confirmPayment(options) {
    return this.confirm(options);
  }

  confirmSetup(options) {
    return this.confirm(options);
  }

  async confirm({ elements, clientSecret, confirmParams = {}, redirect }) {
    const minted = await this.createConfirmationToken({ elements, params: confirmParams });
    if (minted.error) return minted;
    const [kind, name] = intentKind(clientSecret);
    const confirmed = await this.call("POST", `/v1/${kind}/${clientSecret.split("_secret_")[0]}/confirm`, {
      client_secret: clientSecret, confirmation_token: minted.confirmationToken.id,
    });
    if (confirmed.error) return confirmed;
    const result = await this.handleNextAction({ clientSecret });
    if (!result.error && redirect !== "if_required") {
      const url = new URL(confirmParams.return_url);
      url.searchParams.set(name === "paymentIntent" ? "payment_intent" : "setup_intent", result[name].id);
      url.searchParams.set("redirect_status", "succeeded");
      window.location.assign(url);
    }
    return result;
  }

  async fetchIntent(kind, clientSecret) {
    const answer = await this.call("GET", `/v1/${kind}/${clientSecret.split("_secret_")[0]}`, { client_secret: clientSecret });
    return answer.error ? answer : { intent: answer };
  }

  async call(method, path, params) {
    const form = new URLSearchParams({ ...this.access, ...params });
    try {
      const answer = method === "GET" ? await fetch(`${ORIGIN}${path}?${form}`) : await fetch(ORIGIN + path, { method, body: form });
      return await answer.json();
    } catch {
      return { error: networkError() };
    }
  }
}

function intentKind(clientSecret) {
  return String(clientSecret).startsWith("seti_") ? ["setup_intents", "setupIntent"] : ["payment_intents", "paymentIntent"];
}

/* A check that failed is an error, with the intent on it. */
function outcome(found, name) {
  if (found.error) return found;
  const last = found.intent.last_payment_error || found.intent.last_setup_error;
  if (found.intent.status === "requires_payment_method" && last) {
    const key = name === "paymentIntent" ? "payment_intent" : "setup_intent";
    return { error: { ...last, [key]: found.intent } };
  }
  return { [name]: found.intent };
}

window.Stripe = (key, options) => new Stripe(key, options);
window.Stripe.version = "endive";
