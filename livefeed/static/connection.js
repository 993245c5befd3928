// One reader's connection to a channel: WebSocket, where that is blocked SSE, where that is held back polling.
//
// It hands over every event once and in order, remembers the position of the last, and comes back with it after
// any loss. A heartbeat names the position up to which everything was written: another one than ours proves a gap.
// Times are durations of this device; no position or order ever comes from its clock.

const HELLO_TIMEOUT = 3000; // doubled after each round in which every way failed: a weak line needs longer
const SILENCE_TIMEOUT = 60000; // heartbeats come every 25 s at most: two missed ones are a dead connection
const STEADY = 3000; // a connection that stood so long was no failed attempt
const BASE_DELAY = 500;
const LONGEST_DELAY = 20000;
const PATIENCE = 4; // failures in a row before a way that has worked here is given up

let longestWait = 20; // seconds; a proxy may cut silent requests much sooner

const KINDS = ['hello', 'heartbeat', 'reload', 'goodbye', 'published', 'revised', 'corrected', 'retracted',
  'restored', 'pinned', 'unpinned', 'coverage'];

// Each way takes the address, the cursor and two callbacks, and returns how to close it without a callback.

export function overSocket(channel, after, frame, lost, door = 'ws') {
  const url = address(channel, door, after);
  url.protocol = url.protocol.replace('http', 'ws');
  const socket = new WebSocket(url);
  socket.onmessage = message => frame(JSON.parse(message.data));
  socket.onclose = lost;
  return () => {
    socket.onmessage = socket.onclose = null;
    socket.close();
  };
}

export function overEvents(channel, after, frame, lost) {
  const source = new EventSource(address(channel, 'sse', after));
  for (const kind of KINDS) source.addEventListener(kind, event => frame(JSON.parse(event.data)));
  source.onerror = () => {
    source.close(); // its own retry knows neither our back-off nor our cursor
    lost();
  };
  return () => source.close();
}

export function byPolling(channel, after, frame, lost) {
  const stop = new AbortController();
  let wait = 0;
  (async () => {
    for (; ; wait = longestWait) {
      const started = performance.now();
      const answer = await fetch(`${address(channel, 'changes', after)}&wait=${wait}`, { signal: stop.signal });
      if (!answer.ok) throw new Error(`status ${answer.status}`);
      const { position, events, more, reload } = await answer.json();
      if (stop.signal.aborted) return;
      if (!wait) frame({ kind: 'hello', position: after });
      if (reload) return frame({ kind: 'reload', position });
      for (const event of events) frame(event);
      after = events.at(-1)?.position ?? after;
      if (!more) frame({ kind: 'heartbeat', position: after });
      if (wait && !events.length && performance.now() - started < 1000) await new Promise(rested => setTimeout(rested, 2000));
    }
  })().catch(() => {
    if (stop.signal.aborted) return;
    if (wait) longestWait = Math.max(3, longestWait / 2);
    lost();
  });
  return () => stop.abort();
}

export class Connection {
  #way = 0;
  #proven = -1; // the way that has worked here
  #failures = 0;
  #rounds = 0; // of all ways, without a hello
  #attempt = 0;
  #greeted = 0; // when hello came, 0 before
  #heard = 0;
  #close;
  #retry;
  #alarm;

  // channel   path of the channel, such as /live/storm, and perhaps a query for all its doors
  // position  what the page already shows; empty: from now on
  // receive   takes each event's frame, to apply it later: what fails then calls begin()
  // reload    called when the position is worthless; returns a promise of a good one
  // tell      called with true when the connection stands, false when it is lost, and whether there is no network
  constructor(channel, position, { receive, reload, tell, ways = [overSocket, overEvents, byPolling] }) {
    Object.assign(this, { channel, position, receive, reload, tell, ways });
    addEventListener('online', () => this.#renew());
    addEventListener('offline', () => this.#lose());
    const line = navigator.connection;
    let { type } = line ?? {};
    line?.addEventListener('change', () => type !== (type = line.type) && this.#renew());
    addEventListener('pagehide', () => this.#drop()); // a page with an open socket is not kept for «back»
    addEventListener('pageshow', event => event.persisted && this.open());
    document.addEventListener('visibilitychange', () => document.hidden || this.#wake());
    // The clock goes on while a machine sleeps, and the alarm does not.
    setInterval(() => this.#greeted && Date.now() - this.#heard > SILENCE_TIMEOUT && this.#wake(), 10000);
    this.open();
  }

  open() {
    this.#drop();
    this.#alarm = setTimeout(() => this.#lose(), Math.min(30000, HELLO_TIMEOUT * 2 ** this.#rounds));
    this.#close = this.ways[this.#way](this.channel, this.position, frame => this.#take(frame), () => this.#lose());
  }

  #take(frame) {
    this.#heard = Date.now(); // it goes on while the machine sleeps
    clearTimeout(this.#alarm);
    this.#alarm = setTimeout(() => this.#lose(), SILENCE_TIMEOUT);
    if (frame.kind === 'hello') {
      this.#greeted = performance.now();
      this.#proven = this.#way;
      this.#failures = 0;
      this.position ||= frame.position;
      this.tell(true, false);
    } else if (frame.kind === 'heartbeat') {
      if (frame.position === this.position) this.#attempt = 0;
      else this.#again();
    } else if (frame.kind === 'reload') {
      this.begin();
    } else if (frame.kind === 'goodbye') {
      this.#again(frame.retry * (0.5 + Math.random()));
    } else {
      this.receive(frame);
      this.position = frame.position;
      this.#attempt = 0;
    }
  }

  // Takes the page's state anew, and the stream from its position.
  async begin() {
    this.#drop();
    try {
      this.position = await this.reload();
    } catch { /* the page could not be had; the old cursor brings us here again */ }
    this.#again();
  }

  // Another way is tried when this one never said hello, unless it has worked here and may just be restarting.
  #lose() {
    const online = navigator.onLine;
    if (this.#greeted) {
      if (performance.now() - this.#greeted > STEADY) this.#attempt = 0;
    } else if (online && (this.#way !== this.#proven || ++this.#failures >= PATIENCE)) {
      this.#failures = 0;
      this.#way = (this.#way + 1) % this.ways.length;
      if (!this.#way) this.#rounds += 1;
    }
    this.tell(false, !online);
    this.#again();
  }

  // Full jitter from the first attempt: a thousand readers of a restarted server must not come back at once.
  #again(delay = Math.random() * Math.min(LONGEST_DELAY, BASE_DELAY * 2 ** this.#attempt++)) {
    this.#drop();
    this.#retry = setTimeout(() => this.open(), delay);
  }

  // Another network: what was blocked may be open, and what was open is dead, though it may look alive.
  #renew() {
    this.#way = this.#rounds = this.#attempt = 0;
    this.open();
  }

  #wake() {
    if (this.#greeted && Date.now() - this.#heard < 30000) return;
    this.#attempt = 0;
    this.open();
  }

  #drop() {
    clearTimeout(this.#retry);
    clearTimeout(this.#alarm);
    this.#greeted = 0;
    this.#close?.(); // perhaps once more, which does nothing
  }
}

function address(channel, way, after) {
  const [path, query = ''] = channel.split('?'); // that of the site is empty
  const url = new URL(`${path}/${way}?view=html&${query}`, location);
  if (after) url.searchParams.set('after', after);
  return url;
}
