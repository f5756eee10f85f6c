// The player page: plays what is live, goes on into the recording, and takes up the next broadcast by itself.
//
// Its address is /<id or token>/watch, or /iframe to be shown by other pages; options.js reads what they ask for.

import { options, query, token } from "./options.js";

const POLL_MS = 1000;
// Who may not watch is asked for again now and then: rules change.
const REFUSED_MS = 10000;
const base = location.pathname.replace(/\/(watch|iframe)$/, "");
const at = (id) => document.getElementById(id);
const [video, notice, state, delay, goLive, again, sound, quality, big] =
  ["video", "notice", "state", "delay", "golive", "again", "sound", "quality", "big"].map(at);

// Further than this behind where it should be, who follows the live edge is brought back to it; who has gone back by
// himself, or paused, is not.
const LOST_S = 4;

// Apple's players send such a session with each request; it counts viewers who share an address. It names nobody.
const SESSION = Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");

const CONFIG = {
  lowLatencyMode: true,
  // Its worker reads all of hls.js again before it hands out the first part, and has nothing to convert: parts are fMP4.
  enableWorker: false,
  xhrSetup: (request) => request.setRequestHeader("X-Playback-Session-Id", SESSION),
  // Rewinding is the server's business; what has been played need not stay in memory for ever.
  backBufferLength: 90,
  // hls.js waits behind for ever after a stall: a little faster than real time brings the viewer back unnoticed.
  maxLiveSyncPlaybackRate: 1.08,
  // It adds a whole second to the delay for each stall; parts are a third of that.
  liveSyncOnStallIncrease: 0.35,
};

const page = { hls: null, broadcast: null, isLive: false, recorded: false, follows: true, errors: [], fatal: 0, stalls: 0, refusedAt: null, hasPlayed: false, started: performance.now(), firstFrame: null, switches: 0 };
window.headwater = page; // for people who look and tests that measure

// kind: "busy" turns, "calm" waits for somebody else, "act" asks the viewer for something.
function say(text, kind = "busy") {
  notice.textContent = text;
  notice.dataset.kind = kind;
  video.controls = options.controls && (!text || kind === "act");
}

function badge(name, text) {
  state.dataset.state = name;
  state.textContent = text;
}

async function lifecycle() {
  const answer = await fetch(`${base}/lifecycle`);
  if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
  const found = await answer.json();
  return found.broadcastId ? found : null;
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
  const start = from < 0 && !found.live ? options.startTime : from;
  const url = `${new URL(`/${found.broadcastId}/index.m3u8`, location.href)}${query()}`;
  if (window.Hls?.isSupported()) attach(url, start);
  else if (video.canPlayType("application/vnd.apple.mpegurl")) video.src = url;
  else return say("This browser can play neither HLS nor Media Source.", "act");
  if (options.autoplay || page.hasPlayed) video.play().catch(invite);
  else invite();
}

// Playing also fails when what was loading is let go, and then something else has been said.
function invite() {
  if (!page.hls && !video.src) return;
  say(options.controls ? "" : "Press to play.", "act");
  big.hidden = false;
}

function attach(url, from) {
  // With "metadata" hls.js reads the playlists, and media when it is played; with "none" too: they are a few KB.
  const waits = !options.autoplay && !page.hasPlayed && options.preload !== "auto";
  const hls = new window.Hls({ ...CONFIG, startPosition: from, autoStartLoad: !waits, subtitlePreference: textTrack() });
  page.hls = hls;
  if (waits) video.addEventListener("play", () => hls.startLoad(from), { once: true });
  hls.on(window.Hls.Events.ERROR, (_, data) => fail(hls, data));
  hls.on(window.Hls.Events.LEVEL_UPDATED, (_, data) => {
    if (!data.details.live) page.isLive = false;
  });
  hls.loadSource(url);
  hls.attachMedia(video);
}

// Chosen by hls.js itself: what is chosen from outside before the tracks are the browser's too, it takes back.
function textTrack() {
  return options.defaultTextTrack ? { lang: options.defaultTextTrack } : undefined;
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
  if (data.response?.code === 401 || data.response?.code === 403) {
    refuse(data.response.code);
    return;
  }
  // The server is being started again, or the network is away: begin anew as soon as it answers.
  destroy();
  page.broadcast = null;
  say("Connection lost. Trying again…");
}

function refuse(status) {
  destroy();
  page.refusedAt = performance.now();
  badge("", "");
  say(status === 401 ? "This video is protected: the link to it is missing its permission, or that has run out."
    : "This video may not be watched here.", "calm");
}

async function look() {
  if (page.refusedAt && performance.now() - page.refusedAt < REFUSED_MS) return;
  if (page.refusedAt) {
    page.refusedAt = null;
    page.broadcast = null;
  }
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
  big.hidden = true;
  page.hasPlayed = true;
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
big.addEventListener("click", () => video.play());
video.muted = options.muted;
video.loop = options.loop;
video.autoplay = options.autoplay;
video.preload = options.preload;
if (options.poster) video.poster = options.poster;
else if (!options.autoplay) video.poster = `${base}/thumbnails/thumbnail.jpg${token ? "" : query()}`;
document.body.classList.toggle("framed", options.isFramed);
const colours = document.documentElement.style;
if (options.primaryColor) colours.setProperty("--accent", options.primaryColor);
if (options.letterboxColor) colours.setProperty("--letterbox", options.letterboxColor);

await look();
setInterval(look, POLL_MS);
setInterval(show, 250);
