// The filters: the form and the address say the same.
import { h, byId } from './dom.js';
import { state, set, filterFields } from './state.js';

export const acts = ['AGREE', 'CONSULT', 'SUPPORT', 'CONCEDE', 'COOPERATE', 'AID', 'RETREAT', 'REQUEST', 'ACCUSE', 'REJECT',
  'THREATEN', 'PROTEST', 'SANCTION', 'MOBILIZE', 'COERCE', 'ASSAULT'];
const topics = ['conflict', 'diplomacy', 'politics', 'crime', 'disaster', 'business', 'sport', 'arts', 'health', 'scitech'];
const quick = [
  ['Nuclear', { q: 'nuclear' }], ['Attacks', { event: 'ASSAULT' }], ['Threats', { event: 'THREATEN' }],
  ['Troops', { event: 'MOBILIZE' }], ['Sanctions', { event: 'SANCTION' }], ['Talks', { event: 'CONSULT' }]];

// Lower-cased name or code -> {code} or {id}; filled from what the other views tell.
const known = new Map();

export function know(name, entry) {
  const key = name.toLowerCase();
  if (!known.has(key) || entry.code) known.set(key, entry);
}

export function showKnown() {
  const options = [...known.values()].filter((entry) => entry.name).map((entry) => entry.name);
  byId('who-list').replaceChildren(...[...new Set(options)].sort().slice(0, 200).map((name) => h('option', { value: name })));
}

// "Who" and the search, as the feed is asked: a name that is known by its id, else words.
export function whoQuery(q) {
  const who = state.who.trim();
  if (!who) return { q };
  const entry = known.get(who.toLowerCase());
  if (entry && entry.code) return { country: entry.code, q };
  if (entry) return { name: entry.id, q };
  if (/^[A-Za-z]{3}$/.test(who)) return { country: who.toUpperCase(), q };
  return { q: `${who} ${q}`.trim() };
}

// Whether names or codes of a pair or an alert are among those wanted.
export function isAbout(names, codes, text) {
  const who = state.who.trim().toLowerCase();
  const isWho = !who || names.some((name) => name.toLowerCase().includes(who)) || codes.some((code) => code.toLowerCase() === who);
  return isWho && (!state.q || text().toLowerCase().includes(state.q.toLowerCase()));
}

export const isFiltered = () => filterFields.some((field) => state[field]);

const nothing = () => Object.fromEntries(filterFields.map((field) => [field, '']));

export function showFilters() {
  const form = byId('filters');
  for (const field of ['level', 'event', 'topic', 'source', 'who']) {
    if (form.elements[field] !== document.activeElement) form.elements[field].value = state[field];
  }
  if (byId('q') !== document.activeElement) byId('q').value = state.q;
  byId('clear').hidden = !isFiltered();
  byId('quick').replaceChildren(...quick.map(([label, wanted]) => {
    const isOn = Object.entries(wanted).every(([field, value]) => state[field] === value);
    const off = Object.fromEntries(Object.keys(wanted).map((field) => [field, '']));
    return h('button', { type: 'button', 'aria-pressed': String(isOn), onclick: () => set(isOn ? off : { ...nothing(), ...wanted }, true) }, label);
  }));
}

export function beginFilters() {
  const form = byId('filters');
  const option = ([value, label]) => h('option', { value }, label);
  form.elements.level.append(...[['', 'any'], ['low', 'low +'], ['medium', 'medium +'], ['high', 'high +'], ['critical', 'critical']].map(option));
  form.elements.event.append(...[['', 'any'], ...acts.map((act) => [act, act.toLowerCase()])].map(option));
  form.elements.topic.append(...[['', 'any'], ...topics.map((topic) => [topic, topic])].map(option));
  form.addEventListener('submit', (event) => event.preventDefault());
  form.addEventListener('change', (event) => set({ [event.target.name]: event.target.value }, true));
  let pause = 0;
  byId('q').addEventListener('input', () => {
    clearTimeout(pause);
    pause = setTimeout(() => set({ q: byId('q').value.trim() }), 250);
  });
  byId('search').addEventListener('submit', (event) => {
    event.preventDefault();
    set({ q: byId('q').value.trim() }, true);
  });
  byId('clear').addEventListener('click', () => set(nothing(), true));
  showFilters();
}
