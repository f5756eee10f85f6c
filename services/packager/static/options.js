// What the address of the player page asks for, in the words of Cloudflare Stream. Everything is checked here.
//
// `/iframe` begins as that product's does: with a click, and with sound. `/watch` begins by itself, muted.

const NAMES = ["autoplay", "controls", "defaultTextTrack", "letterboxColor", "loop", "muted", "poster", "preload",
  "primaryColor", "startTime", "ad-url"];
const ID = /^[0-9a-f-]{32,36}$/;
const wish = new URLSearchParams(location.search);
const first = location.pathname.split("/")[1];
const isFramed = location.pathname.endsWith("/iframe");

// A playback token that stands in the place of the id.
export const token = ID.test(first) ? "" : first;

function flag(name, usual) {
  const text = wish.get(name);
  return text === null ? usual : !["0", "false", "no", "off"].includes(text.toLowerCase());
}

// A colour by name, as #rrggbb (the # may be missing), or as a function of numbers; anything else is none.
function colour(name) {
  const text = (wish.get(name) ?? "").trim();
  const found = /^([0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})$/i.test(text) ? `#${text}` : text;
  const isPlain = /^(#[0-9a-f]{3,8}|[a-z]{3,30}|(rgb|hsl)a?\([0-9.,%/ a-z]{1,40}\))$/i.test(found);
  return isPlain && CSS.supports("color", found) ? found : "";
}

function address(name) {
  try {
    const found = new URL(wish.get(name));
    return ["http:", "https:"].includes(found.protocol) ? found.href : "";
  } catch {
    return "";
  }
}

// Seconds of 90, 90s, 1m30s or 1h2m3s; -1: none was asked for.
function seconds(name) {
  const found = /^(?:(\d{1,5})h)?(?:(\d{1,6})m)?(?:(\d{1,8}(?:\.\d{1,6})?)s?)?$/.exec(wish.get(name) ?? "");
  if (!found || !found[0]) return -1;
  return 3600 * (found[1] ?? 0) + 60 * (found[2] ?? 0) + Number(found[3] ?? 0);
}

export const options = {
  isFramed,
  autoplay: flag("autoplay", !isFramed),
  controls: flag("controls", true),
  loop: flag("loop", false),
  muted: flag("muted", !isFramed),
  preload: ["none", "metadata", "auto"].includes(wish.get("preload")) ? wish.get("preload") : "metadata",
  poster: address("poster"),
  primaryColor: colour("primaryColor"),
  letterboxColor: colour("letterboxColor"),
  startTime: seconds("startTime"),
  defaultTextTrack: /^[A-Za-z0-9-]{2,35}$/.test(wish.get("defaultTextTrack") ?? "") ? wish.get("defaultTextTrack") : "",
};

// What playlists are asked with: all that is not the page's own, and the token.
export function query() {
  const kept = new URLSearchParams(wish);
  NAMES.forEach((name) => kept.delete(name));
  if (token) kept.set("token", token);
  const text = kept.toString();
  return text && `?${text}`;
}
