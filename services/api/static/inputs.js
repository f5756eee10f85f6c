// What an encoder needs: URL, key, and what to type into OBS and ffmpeg.

import { copyButton, el, field, say, show } from "./dom.js";

const HIDDEN = "•".repeat(12);
const FILE = "-re -i video.mp4 -c:v libx264 -preset veryfast -g 60 -pix_fmt yuv420p -c:a aac -f flv";

/** The inputs of one livestream; `update(inputs)` follows what the API says. */
export function inputsView() {
  const views = { primary: inputView("primary"), secondary: inputView("secondary") };
  const none = el("p", { class: "hint" }, "Nothing can be sent to it now. One that is started by hand says where to once it is activated.");
  const second = el("details", {}, el("summary", {}, "Secondary input"), hint(), views.secondary.element);
  const element = el("section", {}, el("h3", {}, "Send"), none, views.primary.element, second);
  const update = (inputs) => {
    show(none, inputs.length === 0);
    show(views.primary.element, inputs.length > 0);
    show(second, inputs.length > 0);
    inputs.filter((input) => input.isServed !== false).forEach((input) => views[input.instance]?.update(input));
  };
  return { element, update };
}

function hint() {
  return el("p", { class: "hint" }, "A second encoder with the same picture: if the first one fails, the program goes on with this one.");
}

function inputView(instance) {
  let input = { url: "", streamKey: "" };
  let isShown = false;
  const key = () => (isShown ? input.streamKey : HIDDEN);
  const ffmpeg = (streamKey) => `ffmpeg ${FILE} "${input.url}/${streamKey}"`;
  const url = field(`RTMP URL, ${instance}`, () => input.url);
  const secret = field(`stream key, ${instance}`, () => input.streamKey);
  say(url.row.firstChild, "RTMP URL");
  say(secret.row.firstChild, "Stream key");
  const command = el("code", {});
  const reveal = el("button", { type: "button", class: "quiet small", "aria-pressed": "false" }, "Show");
  const paint = () => {
    say(url.value, input.url);
    say(secret.value, input.streamKey ? key() : "not shown to this token");
    [reveal, secret.row.lastChild, copyCommand].forEach((button) => show(button, Boolean(input.streamKey)));
    say(command, ffmpeg(key()));
    say(reveal, isShown ? "Hide" : "Show");
    reveal.setAttribute("aria-pressed", String(isShown));
    reveal.setAttribute("aria-label", `${isShown ? "Hide" : "Show"} the ${instance} stream key`);
  };
  reveal.addEventListener("click", () => {
    isShown = !isShown;
    paint();
  });
  secret.row.insertBefore(reveal, secret.row.lastChild);
  const copyCommand = copyButton(`ffmpeg command, ${instance}`, () => ffmpeg(input.streamKey));
  const element = el("div", {}, url.row, secret.row, howTo(command, copyCommand));
  return {
    element,
    update: (now) => {
      input = { streamKey: "", ...now };
      paint();
    },
  };
}

function howTo(command, copyCommand) {
  const steps = [
    "Settings → Stream: choose the service “Custom…”, paste the RTMP URL as server and the stream key.",
    "Settings → Output: rate control CBR, keyframe interval 2 s, encoder x264 or any other for H.264.",
    "Start streaming.",
  ];
  return el(
    "details",
    { class: "how" },
    el("summary", {}, "OBS and ffmpeg"),
    el("h4", {}, "OBS Studio"),
    el("ol", {}, ...steps.map((step) => el("li", {}, step))),
    el("h4", {}, "ffmpeg"),
    el("div", { class: "command" }, el("pre", { tabindex: "0" }, command), copyCommand),
  );
}
