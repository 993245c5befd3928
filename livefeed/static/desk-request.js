// One write of the desk, sent until it is answered.
//
// The key is made here, before the first attempt, and stays with the request: whatever was lost on the way, a
// repetition with the same key gets the first result and is never posted twice.

const UNKNOWN = new Set([408, 425, 429, 500, 502, 503, 504]); // the outcome may be unknown: ask again, same key
const BASE_DELAY = 1000;
const LONGEST_DELAY = 15000;

export class Refused extends Error {}
export class Stopped extends Error {}

export function newRequest(method, path, body = null, revision = null) {
  return { method, path, body, revision, key: crypto.randomUUID() };
}

// Returns the answer's document. Throws `Refused` with the server's sentence, `Stopped` when `signal` says so.
// `waiting` is called before every repetition.
export async function send(request, { signal, waiting = () => {} } = {}) {
  for (let attempt = 0; ; attempt += 1) {
    let answer;
    try {
      answer = await fetch(request.path, {
        method: request.method, headers: headersOf(request), signal,
        body: request.body === null ? undefined : JSON.stringify(request.body),
      });
    } catch {
      answer = null; // offline, or cut on the way
    }
    if (signal?.aborted) throw new Stopped();
    if (answer && !UNKNOWN.has(answer.status)) return documentOf(answer);
    waiting();
    await pause(Math.random() * Math.min(LONGEST_DELAY, BASE_DELAY * 2 ** attempt), signal);
    if (signal?.aborted) throw new Stopped();
  }
}

function headersOf({ body, revision, key }) {
  const headers = { Accept: 'application/json', 'Idempotency-Key': key };
  if (body !== null) headers['Content-Type'] = 'application/json';
  if (revision !== null) headers['If-Match'] = `"${revision}"`;
  return headers;
}

async function documentOf(answer) {
  const text = await answer.text();
  let document = {};
  try {
    document = JSON.parse(text);
  } catch { /* an answer of a proxy, or none */ }
  if (answer.ok) return document;
  throw new Refused(document.detail || document.title || `${answer.status}`);
}

function pause(milliseconds, signal) {
  return new Promise(resume => {
    const timer = setTimeout(resume, milliseconds);
    signal?.addEventListener('abort', () => { clearTimeout(timer); resume(); }, { once: true });
    addEventListener('online', resume, { once: true });
  });
}
