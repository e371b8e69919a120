// Admin key: in sessionStorage until the tab is closed, or in memory where the browser blocks storage with cookies.
const STORAGE_KEY = "adminKey";
let keyInMemory = null;

// Returns the key, or null.
export function readKey() {
  try {
    return sessionStorage.getItem(STORAGE_KEY);
  } catch {
    return keyInMemory;
  }
}

export function storeKey(key) {
  try {
    sessionStorage.setItem(STORAGE_KEY, key);
  } catch {
    keyInMemory = key;
  }
}

export function removeKey() {
  keyInMemory = null;
  try {
    sessionStorage.removeItem(STORAGE_KEY);
  } catch {
    // Blocked storage contains no key.
  }
}
