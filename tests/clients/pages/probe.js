// What every player page notes, the same for all players: window.probe.
const video = document.getElementById("video");
const probe = { errors: [], fatal: [], stalls: [], absent: [], started: performance.now(), firstFrameMs: null, ended: false, broadcast: null };
window.probe = probe;

const STANDING_MS = 300; // shorter stops are a slow machine's drawing, which no viewer calls a stall
let lastTime = -1;
let lastMove = null;
let jumps = 0;
let lastLook = performance.now();

function error(kind, details, fatal, text) {
  const entry = { kind, details, fatal, text: String(text ?? "").slice(0, 300), at: performance.now() };
  probe.errors.push(entry);
  if (fatal) probe.fatal.push(entry);
}

function look() {
  const now = performance.now();
  // It had no turn: for whoever asks whether the page stood or the program. It counts as a stall all the same.
  if (now - lastLook > STANDING_MS) probe.absent.push({ at: lastLook, ms: now - lastLook });
  lastLook = now;
  if (video.ended) { probe.ended = true; return; }
  if (probe.firstFrameMs === null) return;
  if (video.currentTime !== lastTime) {
    if (lastMove !== null && now - lastMove > STANDING_MS) probe.stalls.push({ at: lastMove, ms: now - lastMove, time: lastTime, to: video.currentTime });
    if (lastMove !== null && video.currentTime < lastTime - 0.001) jumps += 1;
    lastTime = video.currentTime;
    lastMove = now;
  }
}

setInterval(look, 50);
video.addEventListener("playing", () => { probe.firstFrameMs ??= performance.now() - probe.started; });

window.report = (playingDate) => ({
  ...probe, now: performance.now(), time: video.currentTime, jumpsBack: jumps, paused: video.paused,
  standingMs: lastMove === null || video.ended ? 0 : performance.now() - lastMove,
  delayMs: playingDate ? Date.now() - playingDate.getTime() : null,
  playingDate: playingDate ? playingDate.getTime() : null,
  width: video.videoWidth, duration: Number.isFinite(video.duration) ? video.duration : null,
  dropped: video.getVideoPlaybackQuality().droppedVideoFrames, shown: video.getVideoPlaybackQuality().totalVideoFrames,
});
window.note = error;
