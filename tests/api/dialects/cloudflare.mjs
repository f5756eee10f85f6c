// The main path by Cloudflare's own client for JavaScript, and what the native API shows at each step.
//
// node cloudflare.mjs <path of cloudflare's index.mjs> <the api's URL>; stdin: the token. Prints
// {step: {shown, native}} as JSON.
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [, , module, url] = process.argv;
const token = readFileSync(0, "utf8").trim();
const { default: Cloudflare } = await import(pathToFileURL(module));
const client = new Cloudflare({ baseURL: `${url}/cloudflare/client/v4`, apiToken: token, maxRetries: 0 });
const account_id = "default";
const hook = "https://hooks.example.com/x";
const steps = {};

async function native(path) {
  const answer = await fetch(`${url}/v1/${path}`, { headers: { Authorization: `Bearer ${token}` } });
  return { status: answer.status, ...(await answer.json()) };
}

async function step(name, shown, path) {
  steps[name] = { shown: shown ?? null, native: path ? await native(path) : null };
  return shown;
}

async function all(page) {
  const found = [];
  for await (const each of page) found.push(each);
  return found;
}

async function refused(call) {
  try {
    await call();
  } catch (error) {
    return { kind: error.constructor.name, status: error.status, code: error.errors?.[0]?.code ?? null };
  }
  throw new Error("it was not refused");
}

// -- live inputs and their outputs
const { liveInputs, videos, keys, token: tokens, webhooks } = client.stream;
const recording = { mode: "automatic", timeoutSeconds: 10 };
const { uid } = await liveInputs.create({ account_id, meta: { name: "js" }, recording, "Idempotency-Key": "js" });
const one = `livestreams/${uid}`;
await step("get", await liveInputs.get(uid, { account_id }), one);
await step("list", await liveInputs.list({ account_id, include_counts: true }), "livestreams?pageSize=1000");
await step("update", await liveInputs.update(uid, { account_id, defaultCreator: "bob", enabled: false }), one);
const wanted = { account_id, url: "rtmp://a.example.com/live2", streamKey: "k" };
const output = await liveInputs.outputs.create(uid, wanted);
await step("outputs.create", output, `${one}/outputs/${output.uid}`);
const changed = { account_id, live_input_identifier: uid };
const off = await liveInputs.outputs.update(output.uid, { ...changed, enabled: false });
await step("outputs.update", off, `${one}/outputs/${output.uid}`);
await step("outputs.list", await all(liveInputs.outputs.list(uid, { account_id })), `${one}/outputs`);
await liveInputs.outputs.delete(output.uid, changed);
await step("outputs.delete", await all(liveInputs.outputs.list(uid, { account_id })), `${one}/outputs`);

// -- videos, keys, tokens, the webhook
await step("videos", await all(client.stream.list({ account_id, live_input_id: uid })), `media?livestreamId=${uid}`);
await step("storage", await videos.storageUsage({ account_id }));
await step("missing", await refused(() => client.stream.get("ab".repeat(16), { account_id })));
const key = await step("keys.create", await keys.create({ account_id, body: {} }));
await step("keys.get", await all(keys.get({ account_id })), "signingKeys");
await step("token", await tokens.create(uid, { account_id, id: key.id, pem: key.pem }));
await step("keys.delete", await keys.delete(key.id, { account_id }), "signingKeys");
await step("webhook.update", await webhooks.update({ account_id, notificationUrl: hook }), "webhooks");
await step("webhook.get", await webhooks.get({ account_id }));
await step("webhook.delete", await webhooks.delete({ account_id }), "webhooks");

// -- RealtimeKit: what the client lacks goes by its path
const app_id = "default";
const path = `/accounts/${account_id}/realtime/kit/${app_id}/livestreams`;
const made = await client.post(path, { body: { name: "kit" } });
await step("kit.create", made, `livestreams/${made.data.id.replaceAll("-", "")}`);
const { livestreams } = client.realtimeKit;
await step("kit.list", await livestreams.getAllLivestreams(app_id, { account_id, per_page: 1, page_no: 1 }));
const seen = await livestreams.getLivestreamSessionForLivestreamID(made.data.id, { account_id, app_id });
await step("kit.get", seen);
await step("kit.sums", await livestreams.getLivestreamAnalyticsComplete(app_id, { account_id }));

// -- the end
await liveInputs.delete(uid, { account_id });
await step("delete", await refused(() => liveInputs.get(uid, { account_id })), one);
process.stdout.write(JSON.stringify(steps));
