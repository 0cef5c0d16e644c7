// Elements, times and numbers. Text of strangers becomes text nodes only.

const svg = 'http://www.w3.org/2000/svg';

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? '' : value);
  }
  for (const child of children.flat(9)) {
    if (child !== undefined && child !== null && child !== false) element.append(child);
  }
  return element;
}

export const h = (name, attributes, ...children) => fill(document.createElement(name), attributes, children);
export const s = (name, attributes, ...children) => fill(document.createElementNS(svg, name), attributes, children);
export const byId = (id) => document.getElementById(id);

// A stranger's text: isolated, so that no mark in it turns the text around it.
export const bdi = (text, attributes) => h('bdi', { dir: 'auto', ...attributes }, text);

const day = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' });
const dayYear = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short', year: 'numeric' });
const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });

export function utc(ms) {
  return new Date(ms).toISOString().replace('T', ' ').replace(/\.\d+Z$/, ' UTC');
}

// "14:05" of the day of `now`, else "3 Mar 14:05", with the year when it is another one.
export function when(ms, now) {
  const date = new Date(ms);
  const today = new Date(now);
  const time = clock.format(date);
  if (date.toDateString() === today.toDateString()) return time;
  return `${(date.getFullYear() === today.getFullYear() ? day : dayYear).format(date)} ${time}`;
}

export const fullTime = (ms) => `${dayYear.format(ms)} ${clock.format(ms)}`;
export const dayOf = (ms) => day.format(ms);
export const dayYearOf = (ms) => dayYear.format(ms);
export const clockOf = (ms) => clock.format(ms);

export function time(ms, now) {
  return h('time', { datetime: new Date(ms).toISOString(), title: utc(ms) }, when(ms, now));
}

// "3 h", "2 d"
export function span(ms) {
  const minutes = Math.round(Math.abs(ms) / 60000);
  if (minutes < 1) return 'under a minute';
  if (minutes < 120) return `${minutes} min`;
  if (minutes < 48 * 60) return `${Math.round(minutes / 60)} h`;
  const days = Math.round(minutes / 1440);
  return days < 730 ? `${days} d` : `${Math.round(days / 365)} years`;
}

export const count = (n, one, many) => `${n.toLocaleString()} ${n === 1 ? one : many || `${one}s`}`;
export const short = (n) => (n < 10000 ? n.toLocaleString() : n < 1e6 ? `${Math.round(n / 1000)} k` : `${(n / 1e6).toFixed(1)} M`);
export const one = (n) => n.toFixed(1);
export const signed = (n) => (n > 0 ? '+' : n < 0 ? '−' : '±') + Math.abs(n).toFixed(1);

export const levels = ['none', 'low', 'medium', 'high', 'critical'];
// Of a score, as the articles' levels are cut.
export const levelOf = (score) => levels[score < 20 ? 0 : score < 40 ? 1 : score < 60 ? 2 : score < 80 ? 3 : 4];

// The level as a word and as bars, so that it does not hang on the colour.
export function badge(level, easing) {
  if (easing) return h('span', { class: 'badge easing' }, h('span', { 'aria-hidden': 'true' }, '▼ '), 'easing');
  const rank = Math.max(0, levels.indexOf(level));
  const bars = rank > 0 && s('svg', { class: 'bars', viewBox: '0 0 13 10', width: 13, height: 10, 'aria-hidden': 'true' },
    [1, 2, 3, 4].map((i) => s('rect', { class: i <= rank ? 'on' : 'off', x: (i - 1) * 3.4, y: 10 - i * 2.4, width: 2.4, height: i * 2.4 })));
  return h('span', { class: `badge ${level}` }, bars, level);
}

// Of a pair; of one actor when nobody knows the other.
export const names = (list) => [list.map((name, i) => [i > 0 ? ' – ' : '', bdi(name)]),
  list.length === 1 && h('span', { class: 'quiet' }, ' – nobody named')];

// The text with the spans of `marks` ({start, end, kind}, code points) highlighted.
export function marked(text, marks) {
  const points = Array.from(text);
  const out = [];
  let at = 0;
  for (const mark of [...marks].sort((a, b) => a.start - b.start)) {
    if (mark.start < at || mark.end > points.length || mark.start >= mark.end) continue;
    out.push(points.slice(at, mark.start).join(''));
    out.push(h('mark', { class: mark.kind, title: mark.title }, points.slice(mark.start, mark.end).join('')));
    at = mark.end;
  }
  out.push(points.slice(at).join(''));
  return out;
}

// Ten seconds of work, and a little, may wait.
export const isBehind = (status) => status.lag > 50 + 10 * status.per_second;

// Segmented buttons: [value, label] of which one is pressed.
export function segments(element, choices, chosen, pick) {
  element.replaceChildren(...choices.map(([value, label]) =>
    h('button', { type: 'button', 'aria-pressed': String(value === chosen), onclick: () => pick(value) }, label)));
}
