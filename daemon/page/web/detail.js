// The right side: an overview, or one article, story, alert, pair, or the pipeline.
import { h, byId, bdi, badge, names, isBehind, time, count, one, short, levelOf, span, marked, segments, fullTime } from './dom.js';
import { get, NotHeld } from './live.js';
import { state, set, open, detailFields } from './state.js';
import { card, headline, outletLine, act } from './feed.js';
import { matrix, reasons, plainSentence, trend } from './lists.js';
import { know, showKnown } from './filters.js';
import { series, bars } from './chart.js';

let now = Date.now();
let shown = ''; // what the body holds: kind and value
let turn = 0;

export function setNow(ms) {
  now = ms;
}

const rows = (list, label, empty, isOfStory = false) => (list.length
  ? h('ol', { class: 'list rows', 'aria-label': label }, list.map((row) => card(row, isOfStory))) : h('p', { class: 'empty' }, empty));
const figure = (label, value, title) => h('div', { title }, h('dt', {}, label), h('dd', {}, value));

// ---- article: why

const factorWords = { scale: 'how grave the act is', modality: 'done, threatened, denied', position: 'place in the text', dyad: 'who is involved', gate: 'what the text is about' };

// "−0.86 = 0.95 scale × 0.90 position": what changes nothing is pale.
const product = (factors) => h('p', { class: 'factors' }, Object.entries(factors).map(([name, value], i) => [i > 0 && ' × ',
  h('span', { class: value > 0.995 ? 'quiet' : 'counts', title: factorWords[name] }, `${value.toFixed(2)} ${name}`)]));

// Asked for once an article, when somebody wants to see one.
function treeOf(event, trees) {
  const body = h('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': 'Tree of the sentence' });
  const fillIn = async () => {
    if (body.firstChild) return;
    body.append(h('p', { class: 'empty' }, 'reading …'));
    let answer;
    try {
      answer = await trees();
    } catch {
      answer = { fault: 'tocsin does not answer' };
    }
    const isOf = (tree) => tree.events.some((one_) => one_.field === event.evidence.field && one_.start === event.evidence.start);
    const tree = (answer.trees || []).find(isOf);
    body.replaceChildren(tree ? h('table', { class: 'tree' }, h('caption', { class: 'unseen' }, 'Each word, its part of speech and how it hangs on its head'),
      h('tbody', {}, tree.rows.map(([drawing, word, tag, relation]) => h('tr', { class: relation === 'root' ? 'root' : null },
        h('th', { scope: 'row' }, h('span', { class: 'drawing', 'aria-hidden': 'true' }, drawing), bdi(word)), h('td', {}, tag), h('td', {}, relation)))))
      : h('p', { class: 'empty' }, answer.fault || 'As it is read now, this sentence gives no event.'));
  };
  return h('details', { ontoggle: (toggle) => toggle.target.open && fillIn() }, h('summary', {}, 'How the sentence was read'), body);
}

function eventView(event, nameOf, trees) {
  const party = (role) => (event[role] ? nameOf(event[role]) : event[`${role}_text`]);
  const flat = { ...event, actor: party('actor'), recipient: party('recipient') };
  return h('li', { class: `event ${event.scale < 0 ? 'hostile' : 'kind'}` },
    h('p', { class: 'line' }, act(flat), h('span', { class: 'weight', title: 'weight: −1 hostile to 1 cooperative' }, (event.weight < 0 ? '−' : '+') + Math.abs(event.weight).toFixed(2))),
    h('q', { class: event.scale < 0 ? 'hostile' : 'kind', dir: 'auto' }, event.evidence.text),
    product(event.factors),
    h('p', { class: 'meta' }, h('span', { class: 'operators' }, `${event.polarity}, ${event.modality}`), event.mode && ` · ${event.mode}`, event.cameo && ` · CAMEO ${event.cameo}`,
      event.attribution && [' · says ', bdi(nameOf(event.attribution))], event.roles && ` · roles ${event.roles}`, ` · in the ${event.evidence.field}`,
      h('span', { class: 'rule' }, ` · rule ${event.evidence.rule}`)),
    treeOf(event, trees));
}

async function article() {
  const { row, record } = await get('article', { place: state.article });
  const title = row.copy ? 'Copy' : 'Why';
  if (!record) {
    return [title, h('h3', { class: 'big' }, headline(row)), outletLine(row),
      h('p', {}, `It was dropped as a copy (${row.method}, ${Math.round(row.similarity * 100)} % alike).`),
      h('p', {}, h('button', { type: 'button', onclick: () => open('article', row.copy_of) }, 'The article it copies'), ' ',
        h('button', { type: 'button', onclick: () => open('story', row.story.id) }, 'Its story'))];
  }
  const nameOf = (id) => (record.entities.find((entity) => entity.id === id) || { name: id }).name;
  const events = [...(record.events || [])].sort((a, b) => Math.abs(b.weight) - Math.abs(a.weight));
  const marks = (field) => events.filter((event) => event.evidence.field === field).map((event) => ({
    start: event.evidence.start, end: event.evidence.end, kind: event.scale < 0 ? 'hostile' : 'kind', title: event.event.toLowerCase() }));
  const tension = record.tension;
  let asked;
  const trees = () => (asked = asked || get('trees', { place: row.place }));
  return [title,
    h('h3', { class: 'big' }, record.title ? h('bdi', { dir: 'auto' }, marked(record.title, marks('title'))) : headline(row)),
    h('div', { class: 'line' }, tension && badge(tension.level, row.easing), outletLine(row)),
    tension ? h('dl', { class: 'figures' },
      figure('score', one(tension.score)), figure('threat', one(tension.threat)), figure('act', one(tension.act)),
      figure('cooperation', one(tension.cooperation)), figure('confidence', tension.confidence.toFixed(2))) : h('p', { class: 'empty' }, `Language ${record.language}: not scored.`),
    record.topics && h('p', { class: 'meta', title: 'the gate: what a text is about opens or closes the way for its acts' }, 'gate: about ', Object.entries(record.topics).map(([topic, share]) => `${topic} ${Math.round(share * 100)} %`).join(', ')),
    (record.dyads || []).length > 0 && h('p', { class: 'chips' }, record.dyads.map((dyad) =>
      h('button', { type: 'button', onclick: () => open('pair', dyad.pair.join('|')) }, names(dyad.pair.map(nameOf)), ` ${dyad.score.toFixed(0)}`))),
    h('h3', { class: 'part' }, events.length ? 'Events, the weightiest first' : 'No event counts in it.'),
    h('ol', { class: 'list events' }, events.map((event) => eventView(event, nameOf, trees))),
    record.body && [h('h3', { class: 'part' }, 'Text'), h('p', { class: 'body', dir: 'auto' }, marked(record.body, marks('body')))],
    h('h3', { class: 'part' }, 'Names'),
    h('p', { class: 'chips' }, record.entities.slice(0, 30).map((entity) =>
      h('button', { type: 'button', title: `${entity.type} ${entity.id}, salience ${entity.salience}`, onclick: () => filterName(entity) }, bdi(entity.name)))),
    h('p', { class: 'meta' }, `${row.place} · tocsin ${record.pipeline.version} · configuration ${record.pipeline.config} · lexicon ${record.pipeline.lexicon}`)];
}

function filterName(entity) {
  know(entity.name, { name: entity.name, id: entity.id, code: entity.type === 'country' ? entity.code : undefined });
  set({ who: entity.name }, true);
}

// ---- story

async function story() {
  const held = await get('story', { id: state.story });
  const first = held.rows[0];
  const copies = held.rows.filter((row) => row.copy).length;
  const updates = held.rows.filter((row) => row.update).length;
  return ['Story', h('h3', { class: 'big' }, headline(first)),
    h('p', { class: 'verdict' }, `${count(held.outlets.length, 'outlet')}: ${count(held.rows.length - copies, 'article')}, ${count(copies, 'copy', 'copies')}${updates ? `, ${count(updates, 'update')}` : ''}`,
      held.rows.length > 1 && ` within ${span(held.rows.at(-1).time - first.time)}`, '.'),
    timeline(held.rows),
    h('h3', { class: 'part' }, 'Outlets'),
    h('p', { class: 'chips' }, held.outlets.sort((a, b) => b.articles - a.articles).map((outlet) =>
      h('button', { type: 'button', onclick: () => set({ source: outlet.name, show: 'all' }, true) }, bdi(outlet.name), outlet.articles > 1 && ` ×${outlet.articles}`))),
    h('h3', { class: 'part' }, 'In time'), rows(held.rows, 'Articles of the story, the oldest first', 'Nothing held.', true)];
}

// A mark for each article on one line of time.
function timeline(list) {
  const begin = list[0].time;
  const length = Math.max(1, list.at(-1).time - begin);
  const line = h('div', { class: 'timeline', 'aria-hidden': 'true' });
  for (const row of list) {
    const mark = h('span', { class: row.copy ? 'copies' : row.update ? 'update' : 'news', title: `${row.outlet}, ${fullTime(row.time)}` });
    mark.style.insetInlineStart = `${((row.time - begin) / length) * 100}%`;
    line.append(mark);
  }
  return h('figure', { class: 'chart' }, line, h('figcaption', {}, h('span', { class: 'key news' }, 'news'), h('span', { class: 'key update' }, 'update'), h('span', { class: 'key copies' }, 'copy'),
    h('span', { class: 'quiet' }, `${fullTime(begin)} to ${fullTime(list.at(-1).time)}`)));
}

// ---- alert

async function alert() {
  const held = await get('alert', { id: state.alert });
  const record = held.record;
  const revision = (one_) => h('li', { class: 'revision' },
    h('span', { class: 'line' }, badge(one_.level), h('strong', {}, one_.state), time(Date.parse(one_.time), now)),
    h('span', {}, one_.state === 'opened' ? `rule ${one_.rule}: score ${one(one_.score)}` : `${reasons[one_.update_reason || one_.closed_reason] || ''}: score ${one(one_.score)}`,
      `, ${count(one_.articles, 'article')}, ${count(one_.outlets, 'outlet')}`));
  const evidence = (piece) => h('li', { class: 'event hostile' },
    h('p', { class: 'line' }, bdi(piece.title || piece.text)), h('q', { class: 'hostile', dir: 'auto' }, piece.text),
    h('p', { class: 'meta' }, `rule ${piece.rule}`, piece.url && /^https?:/.test(piece.url) && h('a', { href: piece.url, target: '_blank', rel: 'noopener noreferrer', class: 'out' }, 'read ↗')));
  const opened = held.revisions[0];
  return ['Alert',
    h('h3', { class: 'big' }, names(held.names)), h('p', { class: 'line' }, badge(record.level), h('span', { class: 'tag' }, record.state), h('span', { class: 'tag' }, record.severity),
      record.threat_realised && h('span', { class: 'tag' }, 'threat carried out')),
    h('p', { class: 'verdict' }, bdi(plainSentence(record))),
    held.silenced && h('p', { class: 'note' }, `Silenced by ${held.silenced.by} until ${fullTime(held.silenced.until)}: `, bdi(held.silenced.why)),
    h('p', {}, `Opened ${fullTime(Date.parse(opened.time))} by rule “${record.rule}” at score ${one(opened.score)}; `,
      record.outlets === 1 ? 'one outlet tells it.' : `${count(record.outlets, 'independent outlet')} tell it, in ${count(record.articles, 'article')}.`),
    h('p', {}, h('button', { type: 'button', onclick: () => open('pair', held.key) }, 'The pair over time')),
    h('h3', { class: 'part' }, 'Why'), h('ol', { class: 'list events' }, record.evidence.map(evidence)),
    h('h3', { class: 'part' }, count(held.revisions.length, 'revision')), h('ol', { class: 'list revisions', reversed: true }, [...held.revisions].reverse().map(revision)),
    h('h3', { class: 'part' }, 'Articles'), rows(held.rows, 'Articles of the alert', 'Its articles are not held any more.')];
}

// ---- pair

const ranges = [['24', '24 h'], ['168', '7 d'], ['720', '30 d'], ['2160', '90 d'], ['8760', '1 year']];

const verdicts = { rising: 'Rising', calming: 'Calming', steady: 'Steady' };

function verdict(pair) {
  const way = trend(pair.before, pair.level);
  const against = pair.baseline > 0 ? ` Usual is ${one(pair.baseline)}.` : '';
  const threat = pair.last_threat ? ` Last threat ${span(now - pair.last_threat)} ago${pair.realised ? ', and it was carried out' : ''}.` : ' No threat in the last weeks.';
  return `${verdicts[way]}: ${one(pair.level)} now, ${one(pair.before)} a day ago.${against}${threat}`;
}

// What each does to the other, in numbers.
function directions(pair, list) {
  const counts = new Map();
  for (const row of list) {
    for (const event of row.events || []) {
      const known = [event.actor_id, event.recipient_id].filter(Boolean);
      const isOf = known.length > 0 && known.every((id) => pair.ids.includes(id)) && (event.actor_id || pair.ids.length === 1);
      if (!isOf || event.actor_id === event.recipient_id || event.polarity === 'negated') continue;
      const key = `${event.actor || 'somebody'}|${event.recipient && event.recipient_id ? event.recipient : 'nobody named'}`;
      const acts = counts.get(key) || new Map();
      acts.set(event.event, (acts.get(event.event) || 0) + 1);
      counts.set(key, acts);
    }
  }
  if (!counts.size) return null;
  return h('table', { class: 'acts' }, h('caption', { class: 'unseen' }, 'Acts by direction'),
    h('tbody', {}, [...counts].map(([key, acts]) => {
      const [actor, recipient] = key.split('|');
      return h('tr', {}, h('th', { scope: 'row' }, bdi(actor), ' → ', bdi(recipient)),
        h('td', {}, [...acts].sort((a, b) => b[1] - a[1]).map(([name, number]) => `${name.toLowerCase()} ${number}`).join(', ')));
    })));
}

async function pair() {
  const hours = state.hours || '168';
  const held = await get('pair', { key: state.pair, hours });
  const range = h('span', { class: 'seg', role: 'group', 'aria-label': 'How far back' });
  segments(range, ranges, hours, (value) => set({ hours: value }));
  const current = held.alerts.filter((one_) => !one_.closed);
  return ['Pair',
    h('h3', { class: 'big' }, names(held.names)),
    h('p', { class: 'verdict' }, verdict(held)),
    current.length > 0 && h('p', { class: 'chips' }, current.map((one_) => h('button', { type: 'button', onclick: () => open('alert', one_.id) }, badge(one_.level), ` alert: ${one_.rule}`))),
    range, series(held, (id) => open('alert', id)),
    h('dl', { class: 'figures' },
      figure('level', one(held.level), levelOf(held.level)), figure('usual', one(held.baseline)), figure('z', held.z === null ? '–' : one(held.z), 'standard deviations above its own two weeks'),
      figure('threat', one(held.threat)), figure('act', one(held.act)), figure('cooperation', one(held.cooperation)),
      figure('articles, 24 h', held.articles), figure('outlets', held.outlets, 'most of any story of two days'), figure('burst', held.burst ? 'yes' : 'no')),
    h('h3', { class: 'part' }, `What they did, ${(ranges.find(([value]) => value === hours) || ['', `${hours} h`])[1]}`),
    directions(held, held.rows), rows(held.rows, 'Articles on the pair, the newest first', 'No article of this time is held.')];
}

// ---- pipeline

export function healthText(status) {
  const parts = [`${one(status.per_second)} per s`];
  if (status.lag !== undefined) parts.push(status.lag === 0 ? 'no lag' : `${short(status.lag)} behind`);
  if (status.dead) parts.push(`${short(status.dead)} not read`);
  return parts.join(' · ');
}

const duration = (seconds) => (seconds < 90 ? `${one(seconds)} s` : span(seconds * 1000));

async function pipeline() {
  const held = await get('pipeline');
  const status = held.status;
  const all = status.news + status.copies;
  return ['Pipeline',
    h('p', { class: 'verdict' }, status.lag === undefined ? 'How far behind it is, is not known yet.'
      : isBehind(status) ? `Behind by ${count(status.lag, 'record')}${status.lag_seconds === undefined ? '' : `: the oldest has waited ${duration(status.lag_seconds)}`}.` : 'Not behind.'),
    status.fault && h('p', { class: 'note' }, `The page reads: ${status.fault}`),
    bars(held.minutes, status.now),
    h('dl', { class: 'figures' },
      figure('per second', one(status.per_second), 'outcomes of the last full minute'), figure('lag', status.lag === undefined ? '–' : short(status.lag), 'raw records that wait'),
      figure('publication to outcome', status.delay_median === undefined ? '–' : duration(status.delay_median), 'median of the newest 500 articles; old news read anew makes it long'),
      figure('news, 24 h', short(status.news)), figure('copies', `${short(status.copies)} (${all ? Math.round((status.copies / all) * 100) : 0} %)`), figure('not read', short(status.dead)),
      figure('held here', short(status.held), `${Math.round(status.bytes / 1048576)} of ${Math.round(status.bytes_max / 1048576)} MB, ${status.history_hours} h at most`),
      figure('escalating', short(status.tense)), figure('unreadable here', short(status.unreadable), 'records on the output topics that are not of their schema')),
    h('h3', { class: 'part' }, 'What could not be read'),
    h('p', { class: 'chips' }, held.codes.map((one_) => h('span', { class: 'tag' }, `${one_.code} ×${one_.count}`))),
    held.dead.length ? h('ol', { class: 'list dead', 'aria-label': 'Dead letters, the newest first' }, held.dead.map((letter) => h('li', { class: 'event' },
      h('p', { class: 'line' }, h('strong', {}, letter.code), h('span', { class: 'tag' }, letter.stage), time(letter.at, now)),
      h('p', {}, bdi(letter.message)), h('code', {}, letter.beginning),
      h('p', { class: 'meta' }, `${letter.place} · ${short(letter.size)} bytes`))))
      : h('p', { class: 'empty' }, 'Everything could be read.'),
    h('h3', { class: 'part' }, 'Copies'), h('p', {}, h('button', { type: 'button', onclick: () => set({ show: 'copies' }, true) }, 'Show what was dropped as a copy'))];
}

// ---- overview

async function overview() {
  const held = await get('names', { hours: 168 });
  for (const name of held.names) know(name.name, { name: name.name, id: name.id });
  showKnown();
  const most = Math.max(1, ...held.names.map((name) => name.articles));
  return ['Overview',
    matrix(),
    h('h3', { class: 'part' }, 'Names of the last week, by articles that escalate'),
    held.names.length ? h('ol', { class: 'list names' }, held.names.slice(0, 24).map((name) => {
      const bar = h('span', { class: 'bar' }, h('span', { class: 'tense' }));
      bar.style.inlineSize = `${Math.max(2, (name.articles / most) * 100)}%`;
      bar.firstChild.style.inlineSize = `${(name.tense / name.articles) * 100}%`;
      return h('li', {}, h('button', { type: 'button', class: 'item', onclick: () => filterName({ ...name, code: undefined }) },
        h('span', { class: 'name' }, bdi(name.name)), h('span', { class: 'track', 'aria-hidden': 'true' }, bar),
        h('span', { class: 'number', title: `${count(name.articles, 'article')}, of which ${name.tense} escalate` }, name.articles)));
    })) : h('p', { class: 'empty' }, 'No name yet.')];
}

// ---- which

const makers = { article, story, alert, pair, view: pipeline };

// A choice that has the focus, as group and label: it is there again after a redraw.
function focusedChoice() {
  const group = document.activeElement.closest('#detail-body .seg');
  return group && [group.getAttribute('aria-label'), document.activeElement.textContent];
}

function focusChoice([label, text]) {
  const group = [...document.querySelectorAll('#detail-body .seg')].find((one_) => one_.getAttribute('aria-label') === label);
  const button = group && [...group.children].find((one_) => one_.textContent === text);
  if (button) button.focus({ preventScroll: true });
}

export async function showDetail(isUpdate) {
  const kind = detailFields.find((field) => state[field]);
  const wanted = kind ? `${kind} ${state[kind]}` : 'overview';
  if (isUpdate && (kind === 'article' || (byId('detail-body').contains(document.activeElement) && !focusedChoice()))) return;
  const mine = ++turn;
  let parts;
  try {
    parts = await (kind ? makers[kind]() : overview());
  } catch (error) {
    if (!(error instanceof NotHeld)) throw error;
    parts = ['Not held', h('p', { class: 'empty' }, 'This is not held any more, or not yet.')];
  }
  if (mine !== turn) return;
  const [title, ...body] = parts;
  byId('detail-title').textContent = title;
  byId('detail-close').hidden = !kind;
  document.body.classList.toggle('has-detail', Boolean(kind));
  const isNew = wanted !== shown;
  const isFirst = shown === '';
  shown = wanted;
  const choice = focusedChoice();
  byId('detail-body').replaceChildren(...body.flat(9).filter(Boolean));
  if (choice) focusChoice(choice);
  if (isNew) byId('detail').scrollTop = 0;
  if (isNew && kind && !isUpdate && !isFirst) byId('detail').focus({ preventScroll: true });
}

export function closeDetail() {
  open('', '');
}
