// The connection: views asked for, and the stream that says when they have changed.

const silentAfterMs = 25000; // the server speaks every ten seconds
const checkMs = 5000;

export class NotHeld extends Error {}

export async function get(view, query) {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query || {})) {
    if (value !== '' && value !== undefined && value !== null) parameters.set(name, value);
  }
  const answer = await fetch(`api/${view}?${parameters}`, { signal: AbortSignal.timeout(15000) });
  if (answer.status === 401) location.reload(); // the cookie has ended: the page asks for the token
  if (answer.status === 404) throw new NotHeld(view);
  if (!answer.ok) throw new Error(`${view}: ${answer.status}`);
  return answer.json();
}

// Calls `work` soon, but never twice within `pauseMs` nor while it still runs; the last call counts.
export function throttled(work, pauseMs) {
  let timer = 0;
  let running = false;
  let again = false;
  let last = -pauseMs;
  const run = async () => {
    timer = 0;
    running = true;
    last = performance.now();
    try {
      await work();
    } finally {
      running = false;
      if (again) {
        again = false;
        ask();
      }
    }
  };
  const ask = () => {
    if (running) again = true;
    else if (!timer) timer = setTimeout(run, Math.max(0, last + pauseMs - performance.now()));
  };
  return ask;
}

// `told(notice, before)` for each notice; `connected(state)`: live, lost or restarted.
export function listen(told, connected) {
  let source;
  let before = null;
  let heard = performance.now();
  let isLost = false;
  const lost = () => {
    if (!isLost) connected('lost');
    isLost = true;
  };
  const alive = () => {
    heard = performance.now();
    if (isLost) connected('live');
    isLost = false;
  };
  const begin = () => {
    heard = performance.now();
    source = new EventSource('events');
    source.onmessage = (event) => {
      const notice = JSON.parse(event.data);
      alive();
      if (before && before.boot !== notice.boot) {
        before = null;
        connected('restarted');
      } else if (!before) connected('live');
      told(notice, before);
      before = notice;
    };
    source.addEventListener('beat', alive);
    source.onopen = alive;
    source.onerror = lost; // the browser tries again by itself, unless it has given up:
  };
  setInterval(() => {
    if (source.readyState === EventSource.CLOSED || performance.now() - heard > silentAfterMs) {
      source.close();
      lost();
      fetch('api/status').then((answer) => { if (answer.status === 401) location.reload(); }).catch(() => {});
      begin();
    }
  }, checkMs);
  begin();
}
