// Reads a history of playlists with hls.js itself, as its level loader would, and prints what hls.js made of it.
//
// node hlsjs.mjs <path of hls.js's dist/hls.mjs> <folder for a copy>; stdin: {"multivariant": text | null,
// "versions": [text, ...]}. Each version is merged into the one before; a delta update is just one more version.
// mergeDetails is not exported, so a copy of the module with one more export is loaded.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

globalThis.self = globalThis;
const [, , module, folder] = process.argv;
const copy = join(folder, "hls-open.mjs");
writeFileSync(copy, readFileSync(module, "utf8") + "\nexport { mergeDetails as openMergeDetails };\n");
const { M3U8Parser, openMergeDetails } = await import(pathToFileURL(copy));
const quiet = { log() {}, warn() {}, error() {}, info() {}, debug() {}, trace() {} };
const url = "http://origin/b1/video.m3u8";

const segment = (frag) => ({
  msn: frag.sn,
  uri: frag.relurl,
  duration: frag.duration,
  discontinuity: frag.cc,
  init: frag.initSegment ? frag.initSegment.relurl : null,
  time: frag.programDateTime,
  gap: Boolean(frag.gap),
});

function merged(texts) {
  let before = null;
  const seen = [];
  for (const text of texts) {
    const details = M3U8Parser.parseLevelPlaylist(text, url, 0, "main", 0, null);
    if (before) openMergeDetails(before, details, quiet);
    seen.push({
      error: details.playlistParsingError ? details.playlistParsingError.message : null,
      deltaUpdateFailed: Boolean(details.deltaUpdateFailed),
      live: details.live,
      skipped: details.skippedSegments,
      targetDuration: details.targetduration,
      partTarget: details.partTarget ?? 0,
      partHoldBack: details.partHoldBack,
      canBlockReload: details.canBlockReload,
      hint: details.preloadHint ? details.preloadHint.URI : null,
      reports: (details.renditionReports ?? []).length,
      parts: (details.partList ?? []).map((part) => ({
        msn: part.fragment.sn, index: part.index, uri: part.relurl, independent: Boolean(part.independent),
        gap: Boolean(part.gap), duration: part.duration,
      })),
      segments: details.fragments.map(segment),
    });
    before = details;
  }
  return seen;
}

function variants(text) {
  const main = M3U8Parser.parseMasterPlaylist(text, url);
  const media = M3U8Parser.parseMasterPlaylistMedia(text, url, main);
  return {
    error: main.playlistParsingError ? main.playlistParsingError.message : null,
    levels: main.levels.map((level) => ({
      url: level.url, bitrate: level.bitrate, width: level.width, height: level.height,
      videoCodec: level.videoCodec ?? null, audioCodec: level.audioCodec ?? null,
    })),
    audio: (media.AUDIO ?? []).map((track) => ({ url: track.url, name: track.name, default: track.default })),
  };
}

const input = JSON.parse(readFileSync(0, "utf8"));
const output = {
  versions: merged(input.versions),
  multivariant: input.multivariant ? variants(input.multivariant) : null,
};
process.stdout.write(JSON.stringify(output));
