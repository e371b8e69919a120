// API client of the back office. It sends the admin key only in a request header.
import { label, language, t } from "./i18n.js";
import { readKey, removeKey, storeKey } from "./key_store.js";

let handleUnauthorized = () => {};
// Lasts from login to logout, which aborts it.
let session = new AbortController();

export class ApiError extends Error {}
// Replaces every response that arrives after logout, so that it is not shown.
export class SessionEnded extends ApiError {}

export const hasKey = () => readKey() !== null;
export { removeKey };
export const onUnauthorized = (handler) => { handleUnauthorized = handler; };
export const sessionSignal = () => session.signal;

export function endSession() {
  session.abort();
  session = new AbortController();
}

// Stores `key` if the service accepts it; throws ApiError otherwise.
export async function login(key) {
  await send("GET", "/validate", { key });
  storeKey(key);
}

export const get = (path) => requestJson("GET", path);
export const post = (path, body) => requestJson("POST", path, { body });
// With a `version`, only that version of the resource is changed.
export const patch = (path, body, version) => requestJson("PATCH", path, { body, version });

export async function request(method, path, options = {}) {
  try {
    const key = readKey() ?? "";
    return await guardSession(sessionSignal(), send(method, path, { ...options, key }));
  } catch (error) {
    if (error.status === 401) {
      removeKey();
      handleUnauthorized();
    }
    throw error;
  }
}

async function requestJson(method, path, options) {
  const signal = sessionSignal();
  const response = await request(method, path, options);
  const body = response.json().catch(() => { throw connectionError(method); });
  return guardSession(signal, body);
}

// Returns the result of `promise`, or throws SessionEnded if the session has ended meanwhile.
function guardSession(signal, promise) {
  return promise.finally(() => { if (signal.aborted) throw new SessionEnded(); });
}

async function send(method, path, { key, body, version, signal }) {
  // A header can hold only these characters, so any other key is wrong.
  if (!/^[\x21-\x7e]*$/.test(key)) throw statusError(401, t("wrongKey"));
  const headers = { "X-Admin-Key": key, "Accept-Language": language, ...(body && { "Content-Type": "application/json" }),
    ...(version && { "If-Match": `"${version}"` }) };
  let response;
  try {
    const content = body && JSON.stringify(body);
    response = await fetch(`/api/admin${path}`, { method, cache: "no-store", headers, signal, body: content });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw connectionError(method);
  }
  if (response.ok) return response;
  throw await responseError(method, response);
}

async function responseError(method, response) {
  const problem = await response.json().catch(() => ({}));
  // A 5xx response without an error code comes from a proxy, which does not know the outcome.
  if (method !== "GET" && !problem.code && response.status >= 500) return connectionError(method);
  if (problem.code === "outcome_unknown") return unknownOutcome(t("problem.outcome_unknown"));
  const message = response.status === 401 ? t("wrongKey") : messageFor(problem, response.status);
  // A rule of the domain has a code; wrong fields have their reasons by name.
  return Object.assign(statusError(response.status, message), { code: problem.code, fields: problem.errors });
}

// Translates the error code and the field names of a response. The service's own English message is the fallback.
function messageFor({ code, errors = {}, message }, status) {
  const fields = Object.keys(errors).map((name) => label(`wrong.${name}`, t("wrong", { field: label(name, name) })));
  return fields.join(" ") || label(`problem.${code}`, message || t("refused", { status }));
}

// A failed GET has changed nothing; any other request may have been carried out.
function connectionError(method) {
  return method === "GET" ? new ApiError(t("unreachable")) : unknownOutcome(t("unknown"));
}

function unknownOutcome(message) {
  const error = new ApiError(message);
  error.isUnknown = true;
  return error;
}

function statusError(status, message) {
  const error = new ApiError(message);
  error.status = status;
  return error;
}
