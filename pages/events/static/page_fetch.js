// Fetches a page of this site as a document.
const TIMEOUT_MS = 10_000;

// Returns the document, or null after a refusal, a time-out or without a connection.
export async function fetchPage(address, signal) {
  const limit = AbortSignal.timeout?.(TIMEOUT_MS);
  const either = signal && limit && AbortSignal.any ? AbortSignal.any([signal, limit]) : signal ?? limit;
  try {
    const response = await fetch(address, { headers: { Accept: "text/html" }, signal: either });
    if (!response.ok) return null;
    return new DOMParser().parseFromString(await response.text(), "text/html");
  } catch {
    return null;
  }
}
