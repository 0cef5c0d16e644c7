// The feed: articles as they come, by the filters.
import { h, byId, bdi, badge, marked, time, when, count, names } from './dom.js';
import { get } from './live.js';
import { state, open } from './state.js';
import { whoQuery } from './filters.js';

const rowsMax = 400; // in the document; the oldest leave

let rows = new Map(); // place -> {seq, element, row}
let newest = 0;
let waiting = []; // came while the reader was further down
let generation = 0;
let world = { now: Date.now() };

// On another day what was told by its hour gets its date.
export function setNow(ms) {
  const isNewDay = new Date(ms).toDateString() !== new Date(world.now).toDateString();
  world.now = ms;
  if (isNewDay) for (const mark of byId('feed-list').querySelectorAll('time')) mark.textContent = when(Date.parse(mark.dateTime), ms);
}

function query(extra) {
  return { show: state.show, level: state.level, event: state.event, topic: state.topic, source: state.source,
    ...whoQuery(state.q), ...extra };
}

const manner = { conditional: 'if …', hypothetical: 'might', future: 'will', historical: 'in the past', demanded: 'demanded' };

// "Russia → Ukraine  assault", with what weakens it.
export function act(event) {
  return h('span', { class: `act ${event.scale < 0 ? 'hostile' : 'kind'}` },
    bdi(event.actor || 'somebody', { class: event.actor ? '' : 'quiet' }), h('span', { class: 'arrow' }, ' → '),
    bdi(event.recipient || 'nobody named', { class: event.recipient ? '' : 'quiet' }), ' ',
    h('span', { class: 'verb' }, event.event.toLowerCase()),
    event.polarity === 'negated' && h('span', { class: 'manner' }, ' not done'),
    manner[event.modality] && h('span', { class: 'manner' }, ` ${manner[event.modality]}`));
}

const kind = (event) => (event.scale < 0 ? 'hostile' : 'kind');

export function headline(row) {
  if (!row.title) {
    const event = (row.events || [])[0];
    return bdi(event ? `“${event.text}”` : row.id, { class: 'headline' });
  }
  const marks = (row.events || []).filter((event) => event.field === 'title' && event.weight !== 0)
    .map((event) => ({ start: event.start, end: event.end, kind: kind(event) }));
  return h('bdi', { dir: 'auto', class: 'headline' }, marked(row.title, marks));
}

export function outletLine(row, isCard, isOfStory) {
  const story = !isOfStory && row.story;
  return h('p', { class: 'meta' },
    !isCard && [time(row.time, world.now), h('span', {}, ' · ')], bdi(row.outlet || 'unknown outlet', { class: 'outlet' }),
    row.update && h('span', { class: 'tag' }, 'update'),
    story && h('button', { type: 'button', class: 'link', onclick: () => open('story', story.id),
      'aria-label': `Story: ${count(story.outlets, 'outlet')}, ${count(story.size, 'article')}` },
    count(story.outlets, 'outlet'), story.size > 1 ? `, ${count(story.size, 'article')}` : ''),
    row.url && h('a', { href: row.url, target: '_blank', rel: 'noopener noreferrer', class: 'out' }, 'read',
      h('span', { 'aria-hidden': 'true' }, ' ↗'), h('span', { class: 'unseen' }, ' at the outlet, in a new tab')));
}

// Who against whom: the pair that the event is of, as a way to it.
function between(row, event) {
  const pairs = row.pairs || [];
  if (!pairs.length) return event && act(event);
  const isOf = (pair) => event && [event.actor_id, event.recipient_id].every((id) => !id || pair.key.split('|').includes(id));
  const pair = pairs.find(isOf) || pairs[0];
  return h('button', { type: 'button', class: 'link pair', title: `${pair.names.join(' – ')} over time`, onclick: () => open('pair', pair.key) },
    event ? act(event) : names(pair.names), pairs.length > 1 && h('span', { class: 'quiet' }, ` +${pairs.length - 1}`));
}

// `isOfStory`: among the others of its story, which need not be said of each.
export function card(row, isOfStory = false) {
  const isEasing = Boolean(row.easing);
  const event = (row.events || []).find((one) => (one.scale < 0) !== isEasing) || (row.events || [])[0];
  const quote = event && event.field === 'body' && row.title && h('q', { class: kind(event), dir: 'auto' }, event.text);
  return h('li', {},
    h('article', { class: `row ${row.copy ? 'copy' : isEasing ? 'easing' : row.level || 'none'}` },
      h('div', { class: 'line' },
        row.copy ? h('span', { class: 'badge' }, `copy, ${row.method} ${Math.round(row.similarity * 100)} %`) : badge(row.level || 'not scored', isEasing),
        row.score > 0 && h('span', { class: 'score', title: 'score, 0 to 100' }, row.score.toFixed(0)),
        between(row, event), h('span', { class: 'when' }, time(row.time, world.now))),
      h('h3', {}, h('button', { type: 'button', class: 'title', 'data-item': true, onclick: () => open('article', row.place) }, headline(row))),
      quote && h('p', { class: 'why' }, quote),
      outletLine(row, true, isOfStory)));
}

function place(row) {
  const known = rows.get(row.place);
  if (known) known.element.remove();
  const element = card(row);
  rows.set(row.place, { seq: row.seq, element });
  return element;
}

function tidy() {
  const list = byId('feed-list');
  while (list.children.length > rowsMax && list.lastChild) {
    for (const [key, value] of rows) if (value.element === list.lastChild) rows.delete(key);
    list.lastChild.remove();
    byId('feed-older').hidden = false;
  }
}

function showState(answer) {
  const empty = byId('feed-empty');
  const list = byId('feed-list');
  empty.hidden = list.children.length > 0;
  if (empty.hidden) return;
  empty.textContent = answer.held === 0 ? 'No news yet. Articles appear here as soon as tocsin publishes them.'
    : 'Nothing that is held matches.';
}

// All anew, as after another filter.
export async function reload() {
  const mine = ++generation;
  byId('feed').setAttribute('aria-busy', 'true');
  const answer = await get('feed', query());
  if (mine !== generation) return;
  rows = new Map();
  waiting = [];
  newest = answer.newest;
  byId('feed-list').replaceChildren(...answer.rows.map(place));
  byId('feed-older').hidden = !answer.more;
  byId('feed').setAttribute('aria-busy', 'false');
  showState(answer);
  showWaiting();
}

// What came since.
export async function update() {
  const mine = generation;
  const answer = await get('feed', query({ after: newest }));
  if (mine !== generation) return;
  if (answer.more) return reload(); // more came than one answer holds
  newest = answer.newest;
  if (answer.rows.length) {
    waiting = [...answer.rows, ...waiting].slice(0, rowsMax); // more would push all others out
    if (byId('feed').scrollTop < 60 && !byId('feed-list').contains(document.activeElement)) showNew();
  }
  showState(answer);
  showWaiting();
}

function showWaiting() {
  const pill = byId('feed-new');
  pill.hidden = !waiting.length;
  pill.textContent = waiting.length < rowsMax ? `${count(waiting.length, 'new article')} ↑` : `${rowsMax} new articles and more ↑`;
}

export function showNew() {
  const fresh = waiting.map(place);
  for (const element of fresh) element.classList.add('fresh');
  byId('feed-list').prepend(...fresh);
  waiting = [];
  tidy();
  showWaiting();
  byId('feed').scrollTop = 0;
}

export async function older() {
  const last = [...rows.values()].reduce((least, row) => Math.min(least, row.seq), Infinity);
  const mine = generation;
  const answer = await get('feed', query({ before: last }));
  if (mine !== generation) return;
  byId('feed-list').append(...answer.rows.map(place));
  byId('feed-older').hidden = !answer.more;
}
