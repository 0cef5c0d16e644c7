// Alerts and pairs: what to watch.
import { h, byId, bdi, badge, names, time, count, one, signed, levels, levelOf, span, segments, fullTime } from './dom.js';
import { get } from './live.js';
import { state, set, open } from './state.js';
import { isAbout, know, showKnown } from './filters.js';
import { spark } from './chart.js';

let now = Date.now();
let heldAlerts = null;
let heldPairs = null;
let opened = new Set(); // alerts that were there before

export const reasons = { level: 'rose to a higher level', kind: 'a new kind of act', toll: 'a toll of another order', realised: 'a threat was carried out',
  outlets: 'twice as many outlets', daily: 'articles still come', quiet: 'quiet since', cooperation: 'they come to terms' };

// What the alert says without its level and names, which stand beside it.
export function plainSentence(record) {
  const text = record.sentence || '';
  const colon = text.indexOf(': ');
  return record.state !== 'closed' && colon > 0 ? text.slice(colon + 2) : text;
}

// `before`: the alert above it. Of the same pair and the same news only its rule is another.
function alertItem(alert, before) {
  const record = alert.record;
  const isClosed = record.state === 'closed';
  const isSame = before && before.key === alert.key && before.record.sentence === record.sentence;
  return h('li', {},
    h('button', { type: 'button', class: `row item ${isClosed ? 'closed' : record.level}`, 'data-item': true,
      'aria-current': state.alert === alert.id ? 'true' : null, onclick: () => open('alert', alert.id) },
    h('span', { class: 'line' }, badge(record.level), h('strong', {}, names(alert.names)), isClosed && h('span', { class: 'tag' }, 'closed')),
    !isSame && h('span', { class: 'text' }, bdi(plainSentence(record))),
    h('span', { class: 'meta' }, h('b', {}, record.rule), ' · ', time(Date.parse(record.last_seen), now), ' · ',
      count(record.outlets, 'outlet'), record.revision > 1 && ` · revised ${record.revision - 1}×`,
      alert.silenced && h('span', { class: 'tag silenced', title: `by ${alert.silenced.by}: ${alert.silenced.why}` }, 'silenced'))));
}

// Those of one pair beside each other, where the first of them stands.
function together(alerts) {
  const byPair = new Map();
  for (const alert of alerts) {
    const key = `${alert.key} ${alert.record.state === 'closed'}`;
    byPair.set(key, [...(byPair.get(key) || []), alert]);
  }
  return [...byPair.values()].flat();
}

export function showAlerts() {
  segments(byId('alerts-which'), [['', 'Open'], ['all', 'All']], state.alerts, (value) => set({ alerts: value }));
  if (!heldAlerts) return [];
  const wanted = together(heldAlerts.alerts).filter((alert) => isAbout(alert.names, alert.record.dyad.codes, () => `${alert.record.rule} ${JSON.stringify(alert.record)}`)
    && (!state.level || levels.indexOf(alert.record.level) >= levels.indexOf(state.level)));
  byId('alerts-count').textContent = heldAlerts.open ? `${heldAlerts.open} open` : '';
  byId('alerts-list').replaceChildren(...(wanted.length ? wanted.map((alert, i) => alertItem(alert, wanted[i - 1]))
    : [h('li', { class: 'empty' }, heldAlerts.held === 0 ? 'No alert yet.' : heldAlerts.open === 0 && !state.alerts ? 'No alert is open.' : 'No alert matches the filters.')]));
  return heldAlerts.alerts;
}

// Returns alerts that have opened since the last look.
export async function loadAlerts(clock) {
  now = clock || now;
  heldAlerts = await get('alerts', { state: state.alerts });
  const fresh = heldAlerts.alerts.filter((alert) => alert.record.state !== 'closed' && !opened.has(alert.id));
  const isFirst = opened.size === 0;
  opened = new Set(heldAlerts.alerts.map((alert) => alert.id));
  showAlerts();
  return isFirst ? [] : fresh;
}

// ---- pairs

const morning = () => {
  const date = new Date(now);
  date.setHours(0, 0, 0, 0);
  return Math.min(date.getTime(), now - 3600000);
};

export const trend = (from, to) => (to - from > Math.max(2, 0.15 * from) ? 'rising' : from - to > Math.max(2, 0.3 * from) ? 'calming' : 'steady');
const arrows = { rising: '▲', calming: '▼', steady: '▬' };

function pairItem(pair, rank) {
  const way = trend(pair.before, pair.level);
  const level = levelOf(pair.level);
  return h('li', {},
    h('button', { type: 'button', class: `row item pair-row ${level}`, 'data-item': true, 'aria-current': state.pair === pair.key ? 'true' : null, onclick: () => open('pair', pair.key) },
      h('span', { class: 'rank', 'aria-hidden': 'true' }, rank),
      h('strong', { class: 'who' }, names(pair.names), pair.burst && h('span', { class: 'tag' }, 'burst')),
      h('span', { class: 'level', title: `level ${one(pair.level)}, usual ${one(pair.baseline)}` }, one(pair.level)),
      h('span', { class: 'sub' }, `usual ${pair.baseline.toFixed(0)} · ${pair.articles} in 24 h`),
      spark(pair.spark, pair.baseline),
      h('span', { class: `change ${way}` }, h('span', { 'aria-hidden': 'true' }, arrows[way], ' '), signed(pair.level - pair.before), h('span', { class: 'unseen' }, ` ${way}`))));
}

export function showPairs() {
  segments(byId('pairs-order'), [['', 'Level'], ['change', 'Changed today'], ['unusual', 'Unusual']], state.order, (value) => set({ order: value }));
  if (!heldPairs) return;
  byId('pairs-sub').textContent = heldPairs.pairs.length ? `change since ${fullTime(heldPairs.since)}` : '';
  const wanted = heldPairs.pairs.filter((pair) => isAbout(pair.names, pair.codes, () => pair.names.join(' ')));
  const order = { change: (pair) => Math.abs(pair.level - pair.before), unusual: (pair) => pair.level - pair.baseline }[state.order] || ((pair) => pair.level);
  wanted.sort((a, b) => order(b) - order(a));
  byId('pairs-list').replaceChildren(...(wanted.length ? wanted.slice(0, 60).map((pair, i) => pairItem(pair, i + 1))
    : [h('li', { class: 'empty' }, heldPairs.pairs.length ? 'No pair matches the filters.' : 'No pair yet.')]));
}

export async function loadPairs(clock) {
  now = clock || now;
  heldPairs = await get('pairs', { since: morning() });
  now = heldPairs.clock || now;
  for (const pair of heldPairs.pairs) pair.names.forEach((name, i) => know(name, { name, code: pair.types[i] === 'country' ? pair.codes[i] : undefined, id: pair.ids[i] }));
  showKnown();
  showPairs();
  return heldPairs.pairs;
}

export const pairsHeld = () => (heldPairs ? heldPairs.pairs : []);

// What a cell says of a pair: its level, or how far that is from what is usual between the two.
const unusualFrom = 5;
function cell(pair, row, column) {
  const change = pair.level - pair.baseline;
  const arrow = change >= unusualFrom ? '▲' : change <= -unusualFrom ? '▼' : '';
  const isUsual = state.matrix === 'usual';
  const said = `${row.name} – ${column.name}: level ${one(pair.level)}, usual ${one(pair.baseline)}`;
  const shade = !isUsual ? levelOf(pair.level) : change <= -unusualFrom ? 'easing' : change < unusualFrom ? 'none' : change < 15 ? 'low' : change < 30 ? 'medium' : change < 50 ? 'high' : 'critical';
  return h('td', { class: shade }, h('button', { type: 'button', title: said, 'aria-label': said, onclick: () => open('pair', pair.key) },
    isUsual ? signed(change).replace(/\.\d$/, '') : [pair.level.toFixed(0), arrow && h('span', { class: 'arrow' }, arrow)]));
}

// Actors by actors, with the level of each pair and how unusual it is.
export function matrix() {
  const which = h('span', { class: 'seg', role: 'group', 'aria-label': 'What the matrix shows' });
  segments(which, [['', 'Level'], ['usual', 'Against usual']], state.matrix, (value) => set({ matrix: value }));
  const head = h('div', { class: 'part between' }, h('h3', {}, 'Who with whom'), which);
  const weight = (pair) => (state.matrix === 'usual' ? Math.abs(pair.level - pair.baseline) : pair.level);
  const pairs = pairsHeld().filter((pair) => pair.ids.length === 2 && weight(pair) >= 0.5);
  const sums = new Map();
  for (const pair of pairs) {
    pair.ids.forEach((id, i) => {
      const actor = sums.get(id) || { id, name: pair.names[i], code: pair.types[i] === 'country' ? pair.codes[i] : '', sum: 0 };
      actor.sum += weight(pair);
      sums.set(id, actor);
    });
  }
  const actors = [...sums.values()].sort((a, b) => b.sum - a.sum).slice(0, 10);
  if (actors.length < 2) return [head, h('p', { class: 'empty' }, heldPairs && heldPairs.pairs.length ? 'No pair is tense now.' : 'No pair yet.')];
  const of = new Map(pairs.map((pair) => [pair.key, pair]));
  const initials = (name) => (name.includes(' ') ? name.split(/[\s-]+/).map((word) => word[0]).join('').slice(0, 4) : name.slice(0, 3));
  const label = (actor) => actor.code || initials(actor.name);
  return [head, h('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': 'Matrix of pairs' },
    h('table', { class: 'matrix' },
      h('caption', { class: 'unseen' }, 'Level of each pair of the ten most tense actors, and whether that is usual'),
      h('thead', {}, h('tr', {}, h('td', {}), actors.map((actor) => h('th', { scope: 'col', title: actor.name }, label(actor))))),
      h('tbody', {}, actors.map((row) => h('tr', {}, h('th', { scope: 'row' }, bdi(row.name)),
        actors.map((column) => {
          const pair = of.get(`${row.id}|${column.id}`) || of.get(`${column.id}|${row.id}`);
          if (row === column) return h('td', { class: 'self' });
          return pair ? cell(pair, row, column) : h('td', {});
        })))))),
  state.matrix === 'usual' ? h('p', { class: 'sub' }, 'Level now, less what is usual between the two: blue is calmer, the darker the more tense.')
    : h('p', { class: 'scale sub' }, h('span', { 'aria-hidden': 'true' }, levels.slice(1).map((level) => badge(level))), ' ▲ above usual, ▼ below')];
}

export { span };
