// "Try it": a form for one call of a reference, sent as it stands with the token of this tab.

import { token } from "./api.js";
import { el, say } from "./dom.js";

const MOST_SHOWN = 100_000;
const PATIENCE_MS = 15_000;
const ALWAYS_THERE = new Set(["account", "cloud", "app", "tenant"]); // each begins with one that is called "default"

/** Where the token is typed in; the start page of the same tab knows it, too. */
export function tokenForm() {
  const input = el("input", { type: "password", autocomplete: "off", spellcheck: "false", "aria-label": "Token", placeholder: "Token" });
  const state = el("span", { class: "hint", role: "status" });
  const tell = () => say(state, token.get() ? "Calls are sent with the token." : "Calls are sent without a token.");
  const keep = (event) => {
    event.preventDefault();
    if (input.value.trim()) token.set(input.value.trim());
    else token.clear();
    input.value = "";
    tell();
  };
  tell();
  return el("form", { class: "token", onsubmit: keep }, input, el("button", { class: "quiet" }, "Use"), state);
}

/** The form of a call; `resolve` gives a schema for a reference to one. */
export function tryForm(path, verb, operation, resolve) {
  const inputs = operation.parameters.map((one) => [one, inputOf(one)]);
  const body = bodyOf(operation.requestBody?.content, resolve);
  const button = el("button", {}, "Send");
  const status = el("p", { class: "hint", role: "status" });
  const answer = el("pre", { hidden: true });
  const send = async (event) => {
    event.preventDefault();
    button.disabled = true;
    say(status, "…");
    const { line, text } = await ask(path, verb, inputs, body).catch((error) => ({ line: error.message, text: "" }));
    say(status, line);
    say(answer, text);
    answer.hidden = !text;
    button.disabled = false;
  };
  const rows = inputs.map(([one, input]) => el("label", {}, el("span", {}, one.name), input));
  const last = body ? [el("label", {}, el("span", {}, "Body"), body.input)] : [];
  return el("form", { class: "try", onsubmit: send }, el("h4", {}, "Try it"), ...rows, ...last, button, status, answer);
}

function inputOf({ name, required, schema }) {
  const isPath = required === true;
  const input = el("input", { required: isPath, spellcheck: "false", autocomplete: "off", placeholder: schema.type ?? "" });
  if (isPath && ALWAYS_THERE.has(name)) input.value = "default";
  return input;
}

function bodyOf(content, resolve) {
  if (!content) return undefined;
  if (!content["application/json"]) {
    const input = el("input", { type: "file" });
    return { input, kind: () => input.files[0]?.type || "application/octet-stream", read: () => input.files[0] };
  }
  const input = el("textarea", { rows: 5, spellcheck: "false" });
  input.value = JSON.stringify(skeleton(resolve(content["application/json"].schema)), null, 2);
  return { input, kind: () => "application/json", read: () => input.value };
}

/** What must be given, or a name, so that one sees how it is written. */
function skeleton({ properties = {}, required = [] } = {}) {
  const names = required.length ? required : Object.keys(properties).filter((name) => name === "name");
  return Object.fromEntries(names.map((name) => [name, { array: [], object: {}, boolean: false, integer: 0, number: 0 }[properties[name]?.type] ?? ""]));
}

async function ask(path, verb, inputs, body) {
  const headers = token.get() ? { Authorization: `Bearer ${token.get()}` } : {};
  const query = new URLSearchParams();
  let target = path;
  for (const [{ name, in: place }, { value }] of inputs) {
    if (place === "path") target = target.replace(`{${name}}`, encodeURIComponent(value));
    else if (value && place === "query") query.append(name, value);
    else if (value) headers[name] = value;
  }
  if (body) headers["Content-Type"] = body.kind();
  const url = [...query].length ? `${target}?${query}` : target;
  const signal = AbortSignal.timeout(PATIENCE_MS);
  const response = await fetch(url, { method: verb.toUpperCase(), headers, signal, body: body?.read() });
  return { line: `${verb.toUpperCase()} ${url}: ${response.status} ${response.statusText}`, text: await shown(response) };
}

async function shown(response) {
  const kind = response.headers.get("Content-Type") ?? "";
  if (!/json|text|xml/.test(kind)) return `${(await response.blob()).size} bytes of ${kind || "nothing"}`;
  const text = await response.text();
  return (kind.includes("json") ? JSON.stringify(JSON.parse(text), null, 2) : text).slice(0, MOST_SHOWN);
}
