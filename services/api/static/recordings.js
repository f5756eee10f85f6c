// The recordings of one livestream: length, MP4, deletion.

import { call } from "./api.js";
import { confirm, el, say, show } from "./dom.js";
import { moment, size, span, watchUrl } from "./words.js";

const STATES = { RECORDING: "recording now", FINISHING: "being completed", FAILED: "failed", READY: "" };

/** `update(media)` follows the list, newest first; `act` runs an order and shows what goes wrong. */
export function recordingsView(act) {
  const rows = new Map();
  const list = el("ul", { class: "recordings" });
  const element = el("section", { hidden: true }, el("h3", {}, "Recordings"), list);
  const update = (media) => {
    show(element, media.length > 0);
    const present = new Set(media.map((one) => one.id));
    for (const [id, row] of rows) {
      if (!present.has(id)) {
        row.element.remove();
        rows.delete(id);
      }
    }
    media.forEach((one, place) => {
      const row = rows.get(one.id) ?? rowView(act);
      rows.set(one.id, row);
      row.update(one);
      if (list.children[place] !== row.element) list.insertBefore(row.element, list.children[place] ?? null);
    });
  };
  return { element, update };
}

function rowView(act) {
  let media;
  const title = el("a", { target: "_blank", rel: "noopener" });
  const facts = el("span", { class: "hint" });
  const order = el("button", { type: "button", class: "quiet small" }, "Make MP4");
  const progress = el("progress", { max: "100" });
  const percent = el("span", { class: "hint" });
  const link = el("a", { class: "button quiet small", download: true }, "Download MP4");
  const remove = el("button", { type: "button", class: "quiet small danger-text" }, "Delete");
  order.addEventListener("click", () => act(order, () => call("POST", `/v1/media/${media.id}/downloads`, { format: "MP4" })));
  remove.addEventListener("click", async () => {
    const text = `Nobody can watch the recording of ${moment(media.createTime)} any more. For a time “headwater media restore” brings it back.`;
    if ((await confirm({ title: "Delete this recording?", text, yes: "Delete recording" })) === null) return;
    act(remove, () => call("DELETE", `/v1/media/${media.id}`));
  });
  const actions = el("span", { class: "row" }, order, progress, percent, link, remove);
  const element = el("li", {}, el("span", { class: "grow" }, title, " ", facts), actions);
  const update = (now) => {
    media = now;
    const mp4 = media.downloads.find((one) => one.format === "MP4");
    const isMaking = mp4?.state === "IN_PROGRESS";
    say(title, moment(media.createTime));
    title.href = watchUrl(media.playouts);
    say(facts, describe(media, mp4));
    show(order, media.state === "READY" && (!mp4 || mp4.state === "FAILED"));
    show(progress, isMaking);
    show(percent, isMaking);
    progress.value = mp4?.percent ?? 0;
    progress.setAttribute("aria-label", "MP4 being made");
    say(percent, `${Math.floor(mp4?.percent ?? 0)} %`);
    show(link, mp4?.state === "READY");
    link.href = mp4?.url ?? "";
    show(remove, media.state !== "RECORDING");
  };
  return { element, update };
}

function describe(media, mp4) {
  const said = [];
  if (media.duration) said.push(span(parseFloat(media.duration)));
  if (Number(media.sizeBytes)) said.push(size(media.sizeBytes));
  if (media.width) said.push(`${media.width}×${media.height}`);
  if (STATES[media.state]) said.push(STATES[media.state]);
  if (mp4?.state === "FAILED") said.push(`MP4 failed: ${mp4.error}`);
  return said.join(" · ");
}
