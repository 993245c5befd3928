// Pictures on their way to the server, kept in this browser until it has answered: what a crashed tab or a closed laptop
// was sending goes on from the next desk. Each has the key of its upload, so a doubled attempt is harmless.
//
// Bounded: what does not fit, or what the browser does not keep, is sent as if it were not kept. Pictures that nobody
// came back for are forgotten with the words that belong to them.

const BYTES = 100e6; // of all of them
const LONGEST = 30 * 86400e3; // as the server keeps what one is still writing

// Whether `file` is kept now.
export async function keep(key, file) {
  try {
    const pictures = await opened();
    const others = await pictures('readonly', store => store.getAll());
    const old = others.filter(({ at }) => Math.abs(Date.now() - at) > LONGEST);
    for (const picture of old) await pictures('readwrite', store => store.delete(picture.key));
    const held = others.filter(picture => !old.includes(picture)).reduce((sum, picture) => sum + picture.file.size, 0);
    if (held + file.size > BYTES) return false;
    await pictures('readwrite', store => store.put({ key, file, at: Date.now() }));
    return true;
  } catch { // no room, or a window that keeps nothing
    return false;
  }
}

// The file, or null when it is not in this browser.
export async function kept(key) {
  try {
    const pictures = await opened();
    return (await pictures('readonly', store => store.get(key)))?.file ?? null;
  } catch {
    return null;
  }
}

export async function forget(key) {
  try {
    const pictures = await opened();
    await pictures('readwrite', store => store.delete(key));
  } catch {} // it will be too old one day
}

let database;

// How to ask for something in a transaction of its own.
async function opened() {
  database ??= new Promise((resolve, reject) => {
    const asked = indexedDB.open('livefeed', 1);
    asked.onupgradeneeded = () => asked.result.createObjectStore('pictures', { keyPath: 'key' });
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
  });
  const found = await database;
  return (mode, ask) => new Promise((resolve, reject) => {
    const transaction = found.transaction('pictures', mode);
    const request = ask(transaction.objectStore('pictures'));
    transaction.oncomplete = () => resolve(request.result);
    transaction.onabort = () => reject(transaction.error);
  });
}
