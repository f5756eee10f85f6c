// One livestream on the page. It is made once and then follows what the API says.

import { call } from "./api.js";
import { confirm, el, field, say, show } from "./dom.js";
import { inputsView } from "./inputs.js";
import { recordingsView } from "./recordings.js";
import { count, hlsUrl, ON_AIR, reason, since, STATES, watchUrl } from "./words.js";

/** `act(button, order)` runs an order, shows what goes wrong, and refreshes the page. */
export function cardView(id, act) {
  let livestream;
  const path = `/v1/livestreams/${id}`;
  const name = el("h2", {});
  const badge = el("span", { class: "badge", role: "status" });
  const why = el("span", { class: "hint" });
  const figures = el("p", { class: "figures", hidden: true });
  const activate = button("Activate", "quiet", () => act(activate, () => call("POST", `${path}:activate`, {})));
  const idle = button("End broadcast", "quiet", async () => {
    const text = "Encoders are disconnected and refused for a minute, or until you activate the livestream again.";
    if ((await confirm({ title: `End the broadcast of “${titleOf(livestream)}”?`, text, yes: "End broadcast" })) === null) return;
    act(idle, () => call("POST", `${path}:idle`, {}));
  });
  const remove = button("Delete", "quiet danger-text", async () => {
    const isWithMedia = await confirm({
      title: `Delete “${titleOf(livestream)}”?`,
      text: "Its stream keys stop working at once.",
      yes: "Delete livestream",
      option: "Delete its recordings, too",
    });
    if (isWithMedia === null) return;
    act(remove, () => call("DELETE", `${path}?deleteMedia=${isWithMedia}`));
  });
  const inputs = inputsView();
  const watch = el("a", { class: "button", target: "_blank", rel: "noopener" }, "Watch");
  const playlist = field("HLS URL", () => hlsUrl(livestream.playouts));
  const watching = el("section", {}, el("h3", {}, "Watch"), playlist.row);
  const recordings = recordingsView(act);
  const element = el(
    "article",
    { class: "panel card", "aria-label": "Livestream" },
    el("header", {}, el("div", { class: "grow" }, name, el("p", { class: "state" }, badge, " ", why)), el("div", { class: "row" }, watch, activate, idle, remove)),
    figures,
    inputs.element,
    watching,
    recordings.element,
  );

  function update(now, statistics, media) {
    livestream = now;
    const [words, tone] = STATES[now.state] ?? [now.state, "idle"];
    say(name, titleOf(now));
    say(badge, words);
    badge.className = `badge ${tone}`;
    const because = reason(now.stateReason);
    say(why, [now.state === "IDLE" ? "" : since(now.stateTime), because].filter(Boolean).join(", "));
    show(activate, now.state === "IDLE");
    show(idle, ON_AIR.has(now.state) || now.state === "ACTIVE");
    show(remove, !ON_AIR.has(now.state));
    watch.href = watchUrl(now.playouts);
    say(playlist.value, hlsUrl(now.playouts));
    show(watch, Boolean(hlsUrl(now.playouts)));
    show(watching, Boolean(hlsUrl(now.playouts)));
    inputs.update(now.inputs);
    recordings.update(media);
    show(figures, Boolean(statistics));
    if (statistics) say(figures, figuresOf(now, statistics));
  }

  return { element, update };
}

function figuresOf(livestream, { sum }) {
  const said = [count(sum?.hlsConnections ?? 0, "viewer", "viewers"), count(sum?.rtmpConnections ?? 0, "encoder", "encoders")];
  if (livestream.sourceInstance) said.push(`picture from ${livestream.sourceInstance}`);
  return said.join(" · ");
}

const titleOf = (livestream) => livestream.name || `Livestream ${livestream.id.slice(0, 8)}`;

function button(words, look, onclick) {
  return el("button", { type: "button", class: look, onclick }, words);
}
