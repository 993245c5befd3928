// One write of the desk: made once, tried until it is answered.
//
// The key is made here, before the first attempt, and stays with the request: whatever was lost on the way, a
// repetition with the same key gets the first result and is never posted twice.

const UNKNOWN = new Set([408, 425, 429, 500, 502, 503, 504]); // the outcome may be unknown: ask again, same key
export const ANSWER_TIMEOUT = 15000;

export function newRequest(method, path, body = null, revision = null) {
  return { method, path, body, revision, key: crypto.randomUUID() };
}

// One attempt. Resolves to { done: document }, { refused: sentence, status, type, current }, or { unknown: true } when
// nobody can say what became of it. `signedOut` comes with an unknown outcome that only a login can clear up.
export async function attempt(request) {
  let answer;
  try {
    answer = await fetch(request.path, {
      method: request.method,
      headers: headersOf(request),
      body: request.body === null ? undefined : JSON.stringify(request.body),
      signal: AbortSignal.timeout(ANSWER_TIMEOUT),
    });
  } catch {
    return { unknown: true }; // offline, or cut on the way
  }
  if (answer.status === 401) return { unknown: true, signedOut: true };
  if (UNKNOWN.has(answer.status)) return { unknown: true };
  const document = await documentOf(answer);
  if (answer.ok) return document ? { done: document } : { unknown: true };
  return { refused: refusalOf(answer.status, document ?? {}), status: answer.status, type: document?.type, current: document?.current };
}

// A page writes as whoever opened it, although somebody else may have logged in since in the same browser.
export function named(headers = {}) {
  const outbox = window.document.querySelector('desk-outbox');
  return outbox ? { ...headers, 'Livefeed-Account': outbox.dataset.account } : headers;
}

// A problem document's sentence, in the desk's language.
export function refusalOf(status, { type, reason, field = '', value, limit }) {
  const { dataset } = window.document.getElementById('refusals');
  const words = JSON.parse(dataset.words);
  const named = status === 422 && JSON.parse(dataset.fields)[field.split(/[.[]/)[0]]; // media[0].alt is of the pictures
  const picture = reason && (words[`picture-${reason}`] ?? words.picture);
  const sentence = words[type] ?? picture ?? (named && value === '' ? words.empty : words[`${status} ${field}`])
    ?? (named ? words[typeof limit === 'number' ? 'most' : 'field'] : words[status]) ?? words.other;
  return sentence.replace('{field}', named).replace('{value}', number(value)).replace('{limit}', status === 413 ? megabytes(limit) : number(limit));
}

function number(value) {
  return Number(value).toLocaleString(window.document.documentElement.lang, { numberingSystem: 'latn' });
}

function megabytes(bytes) {
  const told = { style: 'unit', unit: 'megabyte', maximumFractionDigits: 1, numberingSystem: 'latn' };
  return (bytes / 1e6).toLocaleString(window.document.documentElement.lang, told);
}

function headersOf({ body, revision, key }) {
  const headers = named({ Accept: 'application/json', 'Idempotency-Key': key });
  if (body !== null) headers['Content-Type'] = 'application/json';
  if (revision !== null) headers['If-Match'] = `"${revision}"`;
  return headers;
}

// Null when it was cut on the way, or is a page of whatever stands between: neither says that a thing was done.
async function documentOf(answer) {
  try {
    return JSON.parse(await answer.text() || '{}');
  } catch {
    return null;
  }
}
