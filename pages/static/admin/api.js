// The API behind the key, which lives in sessionStorage until the tab is closed and goes nowhere but into a header.
import { named, say, spoken } from "./words.js";

const KEY = "adminKey";
let whenLocked = () => {};
// From signing in to signing out; aborted by the latter.
let session = new AbortController();

export class Refused extends Error {}
// Thrown in the place of every answer that comes after signing out: nobody may see it any more.
export class Left extends Refused {}

export const hasKey = () => sessionStorage.getItem(KEY) !== null;
export const forgetKey = () => sessionStorage.removeItem(KEY);
export const onLocked = (work) => { whenLocked = work; };
export const during = () => session.signal;

export function endSession() {
  session.abort();
  session = new AbortController();
}

// Keep `key` if it is right; throws Refused otherwise.
export async function tryKey(key) {
  await ask("GET", "/validate", { key });
  sessionStorage.setItem(KEY, key);
}

export const get = (path) => read("GET", path);
export const post = (path) => read("POST", path);
export const patch = (path, body) => read("PATCH", path, { body });

export async function call(method, path, options = {}) {
  try {
    return await within(during(), ask(method, path, { ...options, key: sessionStorage.getItem(KEY) ?? "" }));
  } catch (error) {
    if (error.status === 401) {
      forgetKey();
      whenLocked();
    }
    throw error;
  }
}

async function read(method, path, options) {
  const mine = during();
  const answer = await call(method, path, options);
  return within(mine, answer.json().catch(() => { throw lost(method); }));
}

const within = (mine, work) => work.finally(() => { if (mine.aborted) throw new Left(); });

async function ask(method, path, { key, body, signal }) {
  // A header holds no more than this; whatever else was typed is no key.
  if (!/^[\x21-\x7e]*$/.test(key)) throw refusal(401, say("wrongKey"));
  const headers = { "X-Admin-Key": key, "Accept-Language": spoken, ...(body && { "Content-Type": "application/json" }) };
  let answer;
  try {
    answer = await fetch(`/api/admin${path}`, { method, cache: "no-store", headers, signal, body: body && JSON.stringify(body) });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw lost(method);
  }
  if (answer.ok) return answer;
  const problem = await answer.json().catch(() => ({}));
  // What stands before the service answers without a code of it, and knows no more than this page.
  if (method !== "GET" && !problem.code && answer.status >= 500) throw lost(method);
  if (problem.code === "outcome_unknown") throw unknown(say("problem.outcome_unknown"));
  throw refusal(answer.status, answer.status === 401 ? say("wrongKey") : sentence(problem, answer.status));
}

// The service gives codes, and names of fields; what it says of them itself is English, and better than nothing.
function sentence({ code, errors = {}, message }, status) {
  const fields = Object.keys(errors).map((name) => named(`wrong.${name}`, say("wrong", { field: named(name, name) })));
  return fields.join(" ") || named(`problem.${code}`, message || say("refused", { status }));
}

// Of what only looks, nothing can have been done.
function lost(method) {
  return method === "GET" ? new Refused(say("unreachable")) : unknown(say("unknown"));
}

function unknown(message) {
  const error = new Refused(message);
  error.isUnknown = true;
  return error;
}

function refusal(status, message) {
  const error = new Refused(message);
  error.status = status;
  return error;
}
