// The reference, drawn from /openapi.json.

import { el, say } from "./dom.js";

const document_ = await fetch("/openapi.json").then((response) => response.json());
const { info, paths, tags, components } = document_;

function resolve(schema) {
  const name = schema?.$ref?.split("/").pop();
  return name ? { name, ...components.schemas[name] } : schema;
}

function typeOf(schema) {
  if (schema.$ref) return schema.$ref.split("/").pop();
  if (schema.type === "array") return `list of ${typeOf(schema.items)}`;
  if (schema.enum) return schema.enum.filter((name) => !name.endsWith("_UNSPECIFIED")).join(" | ");
  if (schema.additionalProperties) return `map of ${typeOf(schema.additionalProperties)}`;
  return schema.format ?? schema.type;
}

function row(name, schema, words) {
  const notes = [words ?? schema.description ?? "", schema.readOnly ? "Read only." : "", schema.maxLength ? `At most ${schema.maxLength} characters.` : ""];
  return el("tr", {}, el("td", {}, el("code", {}, name)), el("td", {}, typeOf(schema)), el("td", {}, notes.filter(Boolean).join(" ")));
}

function table(title, rows) {
  return rows.length ? [el("h4", {}, title), el("table", {}, el("tbody", {}, ...rows))] : [];
}

const fields = (schema) => Object.entries(resolve(schema)?.properties ?? {}).map(([name, value]) => row(name, value));

const first = (content) => Object.values(content ?? {})[0]?.schema; // one type each: JSON, or bytes

function callView(path, verb, operation) {
  const body = first(operation.requestBody?.content);
  const answer = first(operation.responses["200"].content);
  const refusals = Object.entries(operation.responses).filter(([code]) => code !== "200");
  return el(
    "details",
    { class: "call panel", id: operation.operationId },
    el("summary", {}, el("code", { class: "verb" }, verb.toUpperCase()), el("code", {}, path), el("span", { class: "hint" }, operation.summary)),
    ...(operation.description.includes("\n") ? [el("p", {}, operation.description)] : []),
    ...table("Parameters", operation.parameters.map((one) => row(`${one.name} (${one.in})`, one.schema, one.description ?? one.schema.description))),
    ...table(`Body${body?.$ref ? `: ${typeOf(body)}` : ""}`, body ? fields(body).filter((line) => !line.textContent.includes("Read only.")) : []),
    ...table(`Answer${answer?.$ref ? `: ${typeOf(answer)}` : ""}`, fields(answer)),
    ...table("Refusals", refusals.map(([code, { description }]) => el("tr", {}, el("td", {}, code), el("td", {}, description)))),
  );
}

function messageView(name, schema) {
  return el("details", { class: "call panel", id: `schema-${name}` }, el("summary", {}, el("code", {}, name), el("span", { class: "hint" }, (schema.description ?? "").split("\n")[0])), ...table("Fields", fields(schema)));
}

say(document.getElementById("about"), info.description);
say(document.getElementById("example"), `curl -H "Authorization: Bearer $(cat var/admin-token)" ${location.origin}/v1/livestreams`);

const main = document.getElementById("reference");
for (const { name, description } of tags) {
  main.append(el("h2", { id: name }, name), el("p", { class: "hint" }, description));
  for (const [path, verbs] of Object.entries(paths)) {
    for (const [verb, operation] of Object.entries(verbs)) {
      if (operation.tags.includes(name)) main.append(callView(path, verb, operation));
    }
  }
}
main.append(el("h2", {}, "Messages"), ...Object.entries(components.schemas).map(([name, schema]) => messageView(name, schema)));
