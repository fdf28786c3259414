// Items that are chosen set the amount; without any it is what was typed.
const amount = document.querySelector("#amount");
const choices = [...document.querySelectorAll("select[data-price]")];
let typed = amount?.value;

function set() {
  const sum = choices.reduce((all, choice) => all + Number(choice.dataset.price) * Number(choice.value), 0);
  const digits = Number(amount.dataset.digits);
  if (sum && !amount.readOnly) typed = amount.value;
  amount.readOnly = sum > 0;
  amount.value = sum ? (sum / 10 ** digits).toFixed(digits) : typed;
}

if (amount && choices.length) {
  choices.forEach((choice) => choice.addEventListener("change", set));
  if (choices.some((choice) => Number(choice.value))) set();
}
