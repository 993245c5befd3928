// What this browser keeps of the reader's choices. Storage may be forbidden: then a choice holds for this page.

export function remembered(key) {
  try {
    return localStorage.getItem(`livefeed:${key}`);
  } catch {
    return null;
  }
}

export function remember(key, value) {
  try {
    localStorage.setItem(`livefeed:${key}`, value);
  } catch { /* see above */ }
}
