// The player page: plays what is live, goes on into the recording, and takes up the next broadcast by itself.
//
// Its address is /<id>/watch. `?autoplay=0` waits for a click, `?muted=0` asks for sound at once.

const POLL_MS = 1000;
const base = location.pathname.replace(/\/(watch|iframe)$/, "");
const wish = new URLSearchParams(location.search);
const at = (id) => document.getElementById(id);
const [video, notice, state, delay, goLive, again, sound, quality] =
  ["video", "notice", "state", "delay", "golive", "again", "sound", "quality"].map(at);

// Further than this behind where it should be, who follows the live edge is brought back to it; who has gone back by
// himself, or paused, is not.
const LOST_S = 4;

// Apple's players send such a session with each request; it counts viewers who share an address. It names nobody.
const SESSION = Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");

const CONFIG = {
  lowLatencyMode: true,
  xhrSetup: (request) => request.setRequestHeader("X-Playback-Session-Id", SESSION),
  // Rewinding is the server's business; what has been played need not stay in memory for ever.
  backBufferLength: 90,
  // hls.js waits behind for ever after a stall: a little faster than real time brings the viewer back unnoticed.
  maxLiveSyncPlaybackRate: 1.08,
  // It adds a whole second to the delay for each stall; parts are a third of that.
  liveSyncOnStallIncrease: 0.35,
};

const page = { hls: null, broadcast: null, isLive: false, recorded: false, follows: true, errors: [], fatal: 0, stalls: 0, started: performance.now(), firstFrame: null, switches: 0 };
window.headwater = page; // for people who look and tests that measure

// kind: "busy" turns, "calm" waits for somebody else, "act" asks the viewer for something.
function say(text, kind = "busy") {
  notice.textContent = text;
  notice.dataset.kind = kind;
  video.controls = !text || kind === "act";
}

function badge(name, text) {
  state.dataset.state = name;
  state.textContent = text;
}

async function lifecycle() {
  const answer = await fetch(`${base}/lifecycle`);
  if (answer.status === 204) return null;
  if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
  return answer.json();
}

function destroy() {
  page.hls?.destroy();
  page.hls = null;
}

function play(found, from = -1) {
  destroy();
  page.broadcast = found.broadcastId;
  page.isLive = found.live;
  page.follows = true;
  page.recorded = found.state === "RECORDED";
  page.switches += 1;
  say("Loading…");
  const url = `${new URL(`${base}/../${found.broadcastId}/index.m3u8`, location.href)}${location.search}`;
  if (window.Hls?.isSupported()) attach(url, from);
  else if (video.canPlayType("application/vnd.apple.mpegurl")) video.src = url;
  else return say("This browser can play neither HLS nor Media Source.", "act");
  if (video.autoplay) video.play().catch(() => say("Press play to begin.", "act"));
  else say("Press play to begin.", "act");
}

function attach(url, from) {
  const hls = new window.Hls({ ...CONFIG, startPosition: from });
  page.hls = hls;
  hls.on(window.Hls.Events.ERROR, (_, data) => fail(hls, data));
  hls.on(window.Hls.Events.LEVEL_UPDATED, (_, data) => {
    if (!data.details.live) page.isLive = false;
  });
  hls.loadSource(url);
  hls.attachMedia(video);
}

function fail(hls, data) {
  page.errors.push({ details: data.details, fatal: data.fatal, at: Date.now() });
  if (page.errors.length > 500) page.errors.shift();
  if (!data.fatal) return;
  page.fatal += 1;
  if (data.type === window.Hls.ErrorTypes.MEDIA_ERROR) {
    hls.recoverMediaError();
    return;
  }
  // The server is being started again, or the network is away: begin anew as soon as it answers.
  destroy();
  page.broadcast = null;
  say("Connection lost. Trying again…");
}

async function look() {
  try {
    const found = await lifecycle();
    if (!found) {
      if (!page.hls) wait();
      return;
    }
    const isNew = found.broadcastId !== page.broadcast;
    if (!page.broadcast || (found.live && isNew)) play(found);
    else if (!isNew && found.state === "RECORDED") page.recorded = true;
    else if (!isNew && found.state === "GONE") wait();
  } catch (error) {
    if (!page.hls) say(`The server cannot be reached (${error.message}). Trying again…`);
  }
}

function wait() {
  badge("", "");
  say("Nothing is on air yet. This page begins by itself.", "calm");
}

function behindLive() {
  const shown = page.hls?.playingDate;
  return shown ? (Date.now() - shown.getTime()) / 1000 : null;
}

function lostSeconds() {
  const edge = page.hls?.liveSyncPosition;
  return edge ? edge - video.currentTime : 0;
}

function toLive() {
  page.follows = true;
  video.currentTime = page.hls.liveSyncPosition;
}

function show() {
  const seconds = page.isLive ? behindLive() : null;
  delay.textContent = seconds === null ? "" : `${seconds.toFixed(1)} s behind live`;
  if (page.isLive && video.readyState > 1) badge("live", "Live");
  else if (page.broadcast && !page.isLive) badge("recording", "Recording");
  const lost = page.isLive && lostSeconds() > LOST_S;
  if (lost && page.follows && !video.paused) toLive();
  goLive.hidden = !(lost && !page.follows);
  again.hidden = !(!page.isLive && page.recorded && (video.ended || page.switches > 0 && video.currentTime > 10));
  sound.hidden = !(video.muted && !video.paused);
  const level = page.hls?.levels?.[Math.max(0, page.hls.currentLevel)];
  quality.textContent = level?.height ? `${level.width}×${level.height}` : "";
}

video.addEventListener("playing", () => {
  say("");
  page.firstFrame ??= performance.now() - page.started;
});
video.addEventListener("waiting", () => { page.stalls += 1; });
video.addEventListener("pause", () => { page.follows = false; });
// hls.js seeks too, over holes and stalls: a viewer's own seek comes right after his hand.
let touched = -Infinity;
for (const kind of ["pointerdown", "pointerup", "keydown"]) {
  video.addEventListener(kind, () => { touched = performance.now(); });
}
video.addEventListener("seeking", () => {
  if (performance.now() - touched < 1000) page.follows = lostSeconds() < LOST_S;
});
goLive.addEventListener("click", () => {
  toLive();
  video.play();
});
// What was live lists its last half minute; the recording, at the same address, has all of it.
again.addEventListener("click", () => play({ broadcastId: page.broadcast, live: false, state: "RECORDED" }, 0));
sound.addEventListener("click", () => {
  video.muted = false;
  show();
});
video.muted = wish.get("muted") !== "0";
if (wish.get("autoplay") === "0") video.autoplay = false;

await look();
setInterval(look, POLL_MS);
setInterval(show, 250);
