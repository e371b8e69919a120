// The API behind the key, which lives in sessionStorage until the tab is closed and goes nowhere but into a header.
import { named, say, spoken } from "./words.js";

const KEY = "adminKey";
let whenLocked = () => {};

export class Refused extends Error {}

export const hasKey = () => sessionStorage.getItem(KEY) !== null;
export const forgetKey = () => sessionStorage.removeItem(KEY);
export const onLocked = (work) => { whenLocked = work; };

// Keep `key` if it is right; throws Refused otherwise.
export async function tryKey(key) {
  await ask("GET", "/validate", { key });
  sessionStorage.setItem(KEY, key);
}

export const get = async (path) => (await call("GET", path)).json();
export const post = async (path) => (await call("POST", path)).json();
export const patch = async (path, body) => (await call("PATCH", path, { body })).json();

export async function call(method, path, options = {}) {
  try {
    return await ask(method, path, { ...options, key: sessionStorage.getItem(KEY) ?? "" });
  } catch (error) {
    if (error.status === 401) {
      forgetKey();
      whenLocked();
    }
    throw error;
  }
}

async function ask(method, path, { key, body, signal }) {
  // A header holds no more than this; whatever else was typed is no key.
  if (!/^[\x21-\x7e]*$/.test(key)) throw refusal(401, say("wrongKey"));
  const headers = { "X-Admin-Key": key, "Accept-Language": spoken, ...(body && { "Content-Type": "application/json" }) };
  let answer;
  try {
    answer = await fetch(`/api/admin${path}`, { method, cache: "no-store", headers, signal, body: body && JSON.stringify(body) });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refused(say("unreachable"));
  }
  if (answer.ok) return answer;
  const problem = await answer.json().catch(() => ({}));
  throw refusal(answer.status, answer.status === 401 ? say("wrongKey") : sentence(problem, answer.status));
}

// The service gives codes, and names of fields; what it says of them itself is English, and better than nothing.
function sentence({ code, errors = {}, message }, status) {
  const fields = Object.keys(errors).map((name) => named(`wrong.${name}`, say("wrong", { field: named(name, name) })));
  return fields.join(" ") || named(`problem.${code}`, message || say("refused", { status }));
}

function refusal(status, message) {
  const error = new Refused(message);
  error.status = status;
  return error;
}
