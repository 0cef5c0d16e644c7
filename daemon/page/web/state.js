// What is shown, kept in the address, so that a link or a reload shows the same.

const fields = ['show', 'level', 'event', 'topic', 'source', 'who', 'q', 'alerts', 'order', 'matrix', 'hours',
  'pair', 'alert', 'story', 'article', 'view', 'tab'];
export const filterFields = ['level', 'event', 'topic', 'source', 'who', 'q'];
export const detailFields = ['pair', 'alert', 'story', 'article', 'view'];

export const state = {};
const listeners = [];

function read() {
  const query = new URLSearchParams(location.search);
  for (const field of fields) state[field] = query.get(field) || '';
}

function address() {
  const query = new URLSearchParams();
  for (const field of fields) if (state[field]) query.set(field, state[field]);
  const text = query.toString();
  return text ? `?${text}` : location.pathname;
}

export function onChange(listener) {
  listeners.push(listener);
}

// Sets fields; `push`: the browser's back button undoes it.
export function set(changes, push) {
  const changed = Object.keys(changes).filter((field) => state[field] !== changes[field]);
  if (!changed.length) return;
  Object.assign(state, changes);
  history[push ? 'pushState' : 'replaceState'](null, '', address());
  for (const listener of listeners) listener(changed);
}

// Opens one thing in the detail, or nothing.
export function open(kind, value) {
  const changes = {};
  for (const field of detailFields) changes[field] = field === kind ? value : '';
  set(changes, true);
}

addEventListener('popstate', () => {
  const before = { ...state };
  read();
  const changed = fields.filter((field) => before[field] !== state[field]);
  for (const listener of listeners) listener(changed);
});
read();
