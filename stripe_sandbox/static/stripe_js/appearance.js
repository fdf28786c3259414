/* What Stripe takes of an `appearance`: https://docs.stripe.com/elements/appearance-api. It leaves out the rest,
   and warns with these words. */

const STATES = {
  Label: ["empty", "invalid", "focused", "floating", "resting"], Input: ["empty", "invalid"], Error: [], InputDivider: [],
  Tab: ["selected"], TabIcon: ["selected"], TabLabel: ["selected"], Block: [], BlockDivider: [], BlockAction: ["negative"],
  CodeInput: [], Checkbox: ["checked"], CheckboxLabel: ["checked"], CheckboxInput: ["checked"], Dropdown: [],
  DropdownItem: ["highlight"], Switch: ["active"], SwitchControl: [], PickerItem: ["selected", "highlight", "new", "disabled"],
  PickerAction: [], Menu: [], MenuIcon: ["open"], MenuAction: ["negative"], AccordionItem: ["selected"], RadioIcon: [],
  RadioIconOuter: ["checked", "hovered"], RadioIconInner: ["checked", "hovered"], ToggleItem: ["selected"], Text: [], TermsText: [],
  RedirectText: [], Link: [], SecondaryLink: [], TermsLink: [], Action: [], Button: [], Icon: [],
};
const PSEUDO = {
  Label: [], Error: [], Input: [":hover", ":focus", ":disabled", ":autofill", "::placeholder", "::selection"],
};
/* Of the classes that the card fields have. The other ones have theirs, which nobody asks for here. */
const TEXT = /^(color|fontFamily|fontSize|fontVariant|fontWeight|letterSpacing|lineHeight|text(Decoration|Shadow|Transform)|transition|(margin|padding)(Top|Right|Bottom|Left)?|-webkit-font-smoothing|-moz-osx-font-smoothing|-webkit-text-fill-color)$/;
const BOX = /^(backgroundColor|boxShadow|fill|outline|outlineOffset|border(Top|Right|Bottom|Left)?(Color|Style|Width)?|border((Top|Bottom)(Left|Right))?Radius)$/;
const PROPERTIES = { Label: [TEXT, /^opacity$/], Input: [TEXT, BOX], Error: [TEXT, BOX] };

function warn(words) {
  console.warn(`[Stripe.js] stripe.elements(): ${words}`);
}

/* The part of an appearance that the fields wear; a warning for each other part. */
function supported({ theme, variables = {}, rules = {} } = {}) {
  const kept = { theme, variables: {}, rules: {} };
  for (const [name, value] of Object.entries(variables)) {
    /* Shades of a colour are made from it: none that is clear, and none that stands for another. */
    if (/^color/.test(name) && !/^(#[0-9a-f]{3}|#[0-9a-f]{6}|rgb\(.*\)|[a-z]+)$/i.test(value)) {
      warn(`invalid variable value "${value}" provided to "${name}"`);
    } else kept.variables[name] = value;
  }
  for (const [selector, given] of Object.entries(rules)) {
    const parts = selector.split(",").map((part) => part.trim());
    const unknown = parts.find((part) => !isPublic(part));
    if (unknown !== undefined) warn(`invalid selector "${unknown}"`);
    else kept.rules[selector] = allowed(parts, given);
  }
  return kept;
}

function allowed(parts, given) {
  const kept = {};
  for (const [property, value] of Object.entries(given)) {
    const refusing = parts.find((part) => PROPERTIES[nameOf(part)]?.every((known) => !known.test(property)));
    if (refusing) warn(`"${property}" is not a supported property for "${refusing}"`);
    else kept[property] = value;
  }
  return kept;
}

function isPublic(selector) {
  const [, name, state, pseudo] = /^\.([A-Za-z]+?)(?:--([a-z]+))?(::?[a-z-]+)?$/.exec(selector) || [];
  if (!name || !Object.hasOwn(STATES, name)) return false;
  return (!state || STATES[name].includes(state)) && (!pseudo || !PSEUDO[name] || PSEUDO[name].includes(pseudo));
}

function nameOf(selector) {
  return /^\.([A-Za-z]+)/.exec(selector)[1];
}
