// The start page: sign in, create, and a list that follows the API by asking once a second.

import { ApiError, call, token } from "./api.js";
import { cardView } from "./card.js";
import { say, show } from "./dom.js";
import { ON_AIR } from "./words.js";

const POLL_MS = 1000;
const MEDIA_EACH_MS = 2500;

const at = (id) => document.getElementById(id);
const cards = new Map();
const statistics = new Map();
let limit = 20;
let polling = 0;
let media = [];
let mediaReadAt = 0;

async function refresh() {
  const [{ livestreams, totalCount }] = await Promise.all([call("GET", `/v1/livestreams?pageSize=${limit}`), readMedia()]);
  if (!token.get()) return;
  await Promise.all(livestreams.map(readStatistics));
  paint(livestreams);
  show(at("empty"), livestreams.length === 0);
  show(at("more"), totalCount > livestreams.length && limit < 1000);
}

async function readMedia() {
  if (Date.now() - mediaReadAt < MEDIA_EACH_MS) return;
  mediaReadAt = Date.now();
  ({ media } = await call("GET", "/v1/media?pageSize=200"));
}

async function readStatistics({ id, state }) {
  if (!ON_AIR.has(state)) return statistics.delete(id);
  // Figures are a courtesy: without them everything else is shown.
  return call("GET", `/v1/livestreams/${id}/statistics`).then((found) => statistics.set(id, found), () => statistics.delete(id));
}

function paint(livestreams) {
  const list = at("livestreams");
  const present = new Set(livestreams.map(({ id }) => id));
  for (const [id, card] of cards) {
    if (!present.has(id)) {
      card.element.remove();
      cards.delete(id);
    }
  }
  livestreams.forEach((livestream, place) => {
    const { id } = livestream;
    const card = cards.get(id) ?? cardView(id, act);
    cards.set(id, card);
    card.update(livestream, statistics.get(id), media.filter((one) => one.livestreamId === id));
    if (list.children[place] !== card.element) list.insertBefore(card.element, list.children[place] ?? null);
  });
}

async function poll(turn) {
  while (turn === polling && token.get()) {
    if (!document.hidden) await attempt(refresh, { isQuiet: true });
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/** Run something; what goes wrong is said in words. True if it went well. */
async function attempt(work, { isQuiet = false } = {}) {
  try {
    await work();
    if (isQuiet && at("notice").dataset.from === "poll") notice("");
    return true;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.status === 401) signOut("The token is not known here (any more).");
    else if (isQuiet) notice(error.status ? error.message : `${error.message} Trying again…`, "poll");
    else notice(error.message, "order");
    return false;
  }
}

async function act(button, order) {
  button.disabled = true;
  notice("");
  const isDone = await attempt(order);
  mediaReadAt = 0;
  await attempt(refresh, { isQuiet: true });
  button.disabled = false;
  return isDone;
}

function notice(words, from = "") {
  const box = at("notice");
  say(box, words);
  box.dataset.from = from;
  show(box, Boolean(words));
}

function signIn() {
  show(at("sign-in"), false);
  show(at("console"), true);
  show(at("sign-out"), true);
  poll(++polling);
}

function signOut(words = "") {
  token.clear();
  polling += 1;
  media = [];
  mediaReadAt = 0;
  paint([]);
  notice("");
  show(at("console"), false);
  show(at("sign-out"), false);
  show(at("sign-in"), true);
  say(at("sign-in-error"), words);
  show(at("sign-in-error"), Boolean(words));
  at("token").focus();
}

at("sign-in").addEventListener("submit", async (event) => {
  event.preventDefault();
  token.set(at("token").value.trim());
  try {
    await call("GET", "/v1/livestreams?pageSize=1");
    at("token").value = "";
    signIn();
  } catch (error) {
    signOut(error.message);
  }
});

at("create").addEventListener("submit", async (event) => {
  event.preventDefault();
  const typed = at("name").value;
  const isDone = await act(event.submitter, () => call("POST", "/v1/livestreams", { name: typed.trim() }));
  if (isDone && at("name").value === typed) at("name").value = "";
});

at("sign-out").addEventListener("click", () => signOut());
at("more").addEventListener("click", () => {
  limit = Math.min(1000, limit * 3);
  attempt(refresh);
});

if (token.get()) signIn();
else signOut();
