// How states, times and sizes are said.

export const STATES = {
  IDLE: ["Idle", "idle"],
  ACTIVE: ["Waiting for media", "waiting"],
  LIVE: ["Live", "live"],
  RECONNECTING: ["Reconnecting", "waiting"],
  ENDING: ["Ending", "waiting"],
  DISABLED: ["Disabled", "idle"],
  RECEIVING: ["Waiting to be published", "waiting"],
  FINISHED: ["Finished", "idle"],
  FAILED: ["Failed", "waiting"],
};

/** A broadcast runs in these. */
export const ON_AIR = new Set(["LIVE", "RECEIVING", "RECONNECTING"]);

const REASONS = {
  created: "never on air",
  disabled: "",
  enabled: "",
  started: "",
  resumed: "media came back",
  activated: "an encoder may connect",
  "nobody came": "activated, but no encoder came",
  order: "ended by order",
  "reconnect-window": "the encoder stayed away",
  "run-time": "the run-time limit was reached",
  closed: "the encoder has closed its connection",
  silent: "the encoder sends nothing",
};

export const reason = (said) => REASONS[said] ?? said;

export function since(time) {
  const seconds = Math.max(0, Math.round((Date.now() - Date.parse(time)) / 1000));
  return seconds < 86400 ? `for ${span(seconds)}` : `since ${new Date(time).toLocaleDateString()}`;
}

/** Seconds as "1:02:03" or "2:03". */
export function span(seconds) {
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, Math.floor(seconds) % 60];
  const two = (number) => String(number).padStart(2, "0");
  return h ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

export function size(bytes) {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let [value, unit] = [Number(bytes), 0];
  while (value >= 1000 && unit < units.length - 1) [value, unit] = [value / 1000, unit + 1];
  return `${value < 10 && unit ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}

export const moment = (time) => new Date(time).toLocaleString([], { dateStyle: "medium", timeStyle: "short" });

export const count = (number, one, many) => `${number} ${number === 1 ? one : many}`;

/** The playlist among the ways to watch; empty where there is none. */
export const hlsUrl = (playouts) => playouts.find(({ protocol }) => protocol === "hls")?.url ?? "";

/** Where its player page is. */
export const watchUrl = (playouts) => hlsUrl(playouts).replace(/index\.m3u8$/, "watch");
