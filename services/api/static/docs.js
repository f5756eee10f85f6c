// A reference, drawn from its openapi.json: the native one, or that of the dialect which the address names.

import { el, prose, say } from "./dom.js";
import { tokenForm, tryForm } from "./try.js";

const REFERENCES = { native: "Headwater", cloudinary: "Cloudinary", stream: "Stream", realtimekit: "RealtimeKit", dyte: "Dyte", streamdiver: "Streamdiver" };
const asked = new URLSearchParams(location.search).get("api");
const chosen = Object.hasOwn(REFERENCES, asked) ? asked : "native";
const source = chosen === "native" ? "/openapi.json" : `/${chosen}/openapi.json`;
const { info, paths, components, tags = [{ name: "Calls" }] } = await fetch(source).then((response) => response.json());

function resolve(schema) {
  const name = schema?.$ref?.split("/").pop();
  return name ? { name, ...components.schemas[name] } : schema;
}

function typeOf(schema) {
  if (schema.$ref) return schema.$ref.split("/").pop();
  if (schema.anyOf) return schema.anyOf.map(typeOf).join(" or ");
  if ("const" in schema) return JSON.stringify(schema.const);
  if (schema.type === "array") return `list of ${typeOf(schema.items)}`;
  if (schema.enum) return schema.enum.filter((name) => !name.endsWith("_UNSPECIFIED")).join(" | ");
  if (schema.additionalProperties?.type || schema.additionalProperties?.$ref) return `map of ${typeOf(schema.additionalProperties)}`;
  return schema.format ?? schema.type ?? "anything";
}

function row(name, schema, words) {
  const notes = [words ?? schema.description ?? "", schema.readOnly ? "Read only." : "", schema.maxLength ? `At most ${schema.maxLength} characters.` : ""];
  return el("tr", {}, el("td", {}, el("code", {}, name)), el("td", {}, typeOf(schema)), el("td", {}, ...prose(notes.filter(Boolean).join(" "))));
}

function table(title, rows) {
  return rows.length ? [el("h4", {}, title), el("table", {}, el("tbody", {}, ...rows))] : [];
}

const fields = (schema) => Object.entries(resolve(schema)?.properties ?? {}).map(([name, value]) => row(name, value));

const first = (content) => Object.values(content ?? {})[0]?.schema; // one type each: JSON, or bytes

function callView(path, verb, operation) {
  const body = first(operation.requestBody?.content);
  const isDone = ([code]) => code.startsWith("2");
  const answer = first(Object.entries(operation.responses).find(isDone)?.[1].content);
  const refusals = Object.entries(operation.responses).filter((one) => !isDone(one));
  const fillIn = ({ target }) => target.querySelector("form") ?? target.append(tryForm(path, verb, operation, resolve));
  return el(
    "details",
    { class: "call panel", id: operation.operationId, ontoggle: fillIn },
    el("summary", {}, el("code", { class: "verb" }, verb.toUpperCase()), el("code", {}, path), el("span", { class: "hint" }, ...prose(operation.summary))),
    ...(operation.description?.includes("\n") || (operation.description && chosen !== "native") ? [el("p", {}, ...prose(operation.description))] : []),
    ...table("Parameters", operation.parameters.map((one) => row(`${one.name} (${one.in})`, one.schema, one.description ?? one.schema.description))),
    ...table(`Body${body?.$ref ? `: ${typeOf(body)}` : ""}`, body ? fields(body).filter((line) => !line.textContent.includes("Read only.")) : []),
    ...table(`Answer${answer?.$ref ? `: ${typeOf(answer)}` : ""}`, fields(answer)),
    ...table("Refusals", refusals.map(([code, { description }]) => el("tr", {}, el("td", {}, code), el("td", {}, ...prose(description))))),
  );
}

function messageView(name, schema) {
  return el("details", { class: "call panel", id: `schema-${name}` }, el("summary", {}, el("code", {}, name), el("span", { class: "hint" }, ...prose((schema.description ?? "").split("\n")[0]))), ...table("Fields", fields(schema)));
}

document.getElementById("about").replaceChildren(...prose(info.description));
const example = chosen === "native" ? "/v1/livestreams" : Object.keys(paths).find((path) => paths[path].get).replaceAll(/\{\w+\}/g, "default");
document.getElementById("token").replaceWith(tokenForm());
say(document.getElementById("example"), `curl -H "Authorization: Bearer $(cat var/admin-token)" ${location.origin}${example}`);
document.getElementById("source").href = source;
for (const [name, title] of Object.entries(REFERENCES)) {
  const current = name === chosen ? { "aria-current": "page" } : {};
  document.getElementById("references").append(el("a", { href: name === "native" ? "/docs" : `/docs?api=${name}`, ...current }, title));
}

const main = document.getElementById("reference");
for (const { name, description } of tags) {
  main.append(el("h2", { id: name }, name), el("p", { class: "hint" }, ...prose(description ?? "")));
  for (const [path, verbs] of Object.entries(paths)) {
    for (const [verb, operation] of Object.entries(verbs)) {
      if ((operation.tags ?? ["Calls"]).includes(name)) main.append(callView(path, verb, operation));
    }
  }
}
main.append(el("h2", {}, "Messages"), ...Object.entries(components.schemas).map(([name, schema]) => messageView(name, schema)));
