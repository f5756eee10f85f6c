// Small building blocks of the page. Text is only ever set as text.

/** An element: `el("a", { href: "/", class: "x", onclick: f }, "words", child)`. */
export function el(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (typeof value === "boolean") element.toggleAttribute(name, value);
    else if (value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== undefined));
  return element;
}

/** Words as nodes: what stands between backticks is code. */
export function prose(text) {
  return text.split("`").map((part, index) => (index % 2 ? el("code", {}, part) : part));
}

/** Set a text only if it differs, so that selections and screen readers are left in peace. */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

export function show(element, isShown) {
  if (element.hidden === isShown) element.hidden = !isShown;
}

export async function copy(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const area = el("textarea", { class: "hidden" });
  area.value = text;
  document.body.append(area);
  area.select();
  document.execCommand("copy"); // over plain HTTP from another machine there is no clipboard API
  area.remove();
}

/** A button that copies what `read()` gives and says so. */
export function copyButton(label, read) {
  const button = el("button", { type: "button", class: "quiet small", "aria-label": `Copy ${label}` }, "Copy");
  button.addEventListener("click", async () => {
    await copy(read()).then(() => say(button, "Copied"), () => say(button, "Not copied"));
    setTimeout(() => say(button, "Copy"), 1500);
  });
  return button;
}

/** A labelled value that can be copied. */
export function field(label, read) {
  const value = el("code", { class: "value" });
  const row = el("div", { class: "field" }, el("span", { class: "label" }, label), value, copyButton(label, read));
  return { row, value };
}

/** Ask first. Resolves to null for no, else to whether the option was ticked. */
export function confirm({ title, text, yes, option }) {
  const dialog = document.getElementById("confirm");
  const label = document.getElementById("confirm-option");
  const box = label.querySelector("input");
  say(document.getElementById("confirm-title"), title);
  say(document.getElementById("confirm-text"), text);
  say(document.getElementById("confirm-yes"), yes);
  say(label.querySelector("span"), option ?? "");
  show(label, Boolean(option));
  box.checked = false;
  dialog.returnValue = "no";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes" ? box.checked : null), { once: true });
  });
}
