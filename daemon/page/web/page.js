// The page: puts the parts together and keeps them fresh.
import { byId, isBehind, when, utc, count, segments } from './dom.js';
import { get, listen, throttled } from './live.js';
import { state, set, open, onChange, detailFields, filterFields } from './state.js';
import { beginFilters, showFilters } from './filters.js';
import * as feed from './feed.js';
import { loadAlerts, loadPairs, showAlerts, showPairs } from './lists.js';
import { showDetail, closeDetail, healthText, setNow } from './detail.js';

const feedMs = 300;
const alertsMs = 1000;
const listsMs = 1500;
const detailMs = 3000;
const archiveMs = 2 * 86400000; // news older than that are told anew: their time is "now"

let clock = Date.now();
let connection = 'connecting';
let status = null;

const say = (text) => { byId('say').textContent = text; };

function showState() {
  const words = { connecting: 'connecting', live: 'live', lost: 'disconnected, trying again' };
  let text = words[connection];
  let kind = connection;
  if (connection === 'live' && status) {
    if (status.fault) [text, kind] = [status.fault, 'fault'];
    else if (!status.caught_up) [text, kind] = ['reading the history', 'connecting'];
    else if (status.held === 0) [text, kind] = ['live, no news yet', 'live'];
    else if (status.now - status.clock > archiveMs) text = 'live, on an archive';
  }
  byId('state').className = `state ${kind}`;
  if (byId('state-text').textContent !== text) byId('state-text').textContent = text;
}

async function loadStatus() {
  status = await get('status');
  clock = status.now - status.clock > archiveMs && status.clock > 0 ? status.clock : status.now;
  feed.setNow(clock);
  setNow(clock);
  const time = byId('clock');
  time.textContent = when(clock, status.now);
  time.title = utc(clock);
  time.dateTime = new Date(clock).toISOString();
  byId('health-text').textContent = healthText(status);
  byId('health').classList.toggle('behind', isBehind(status));
  showState();
}

// What fails is tried again with the next notice; a lost connection is told by the stream.
const quietly = (work) => async () => {
  try {
    await work();
  } catch (error) {
    if (error.name !== 'TypeError' && error.name !== 'TimeoutError' && error.name !== 'AbortError') throw error;
  }
};

const askStatus = throttled(quietly(loadStatus), listsMs);
const askFeed = throttled(quietly(feed.update), feedMs);
const askPairs = throttled(quietly(async () => {
  await loadStatus(); // it says which time is now
  await loadPairs(clock);
  if (!detailFields.some((field) => state[field])) askDetail(); // the matrix is made of them
}), listsMs);
const askAlerts = throttled(quietly(async () => {
  const fresh = await loadAlerts(clock);
  if (fresh.length) say(`${count(fresh.length, 'new alert')}: ${fresh.map((alert) => alert.names.join(' – ')).join(', ')}`);
}), alertsMs);
const askDetail = throttled(quietly(() => showDetail(true)), detailMs);
const askReload = throttled(quietly(feed.reload), 100);
const askNewDetail = throttled(quietly(() => showDetail(false)), 50);

// Status first: it says which time is now.
const askEverything = throttled(quietly(async () => {
  await loadStatus();
  await Promise.all([loadPairs(clock), loadAlerts(clock), feed.reload()]);
  await showDetail(false);
}), 100);

function told(notice, before) {
  if (!before) return askEverything();
  askStatus();
  if (notice.feed !== before.feed) askFeed();
  if (notice.alerts !== before.alerts) askAlerts();
  if (notice.pairs !== before.pairs) askPairs();
  if (notice.feed !== before.feed || notice.alerts !== before.alerts || notice.pairs !== before.pairs || notice.dead !== before.dead) askDetail();
}

function connected(now) {
  if (now === 'restarted') say('tocsin has restarted; the page is read anew');
  if (now === 'lost') say('disconnected');
  connection = now === 'restarted' ? 'live' : now;
  showState();
}

// ---- parts of the page, on a phone one at a time

const parts = [['alerts', 'Alerts'], ['pairs', 'Pairs'], ['feed', 'Feed'], ['detail', 'Overview']];

function showTabs() {
  const chosen = state.tab || 'feed';
  document.body.dataset.tab = chosen;
  segments(byId('tabs'), parts, chosen, (value) => { closeDetail(); set({ tab: value }); scrollTo(0, 0); });
}

function showShow() {
  segments(byId('feed-show'), [['', 'Moves'], ['escalations', 'Escalating'], ['easings', 'Easing'], ['all', 'All'], ['copies', 'Copies']], state.show,
    (value) => set({ show: value }, true));
}

onChange((changed) => {
  const has = (fields) => changed.some((field) => fields.includes(field));
  if (has(['show', ...filterFields])) {
    showFilters();
    showShow();
    askReload();
    showAlerts();
    showPairs();
  }
  if (has(['alerts'])) askAlerts();
  if (has(['order'])) showPairs();
  if (has(['matrix'])) askNewDetail();
  if (has(['tab'])) showTabs();
  if (has(['hours', ...detailFields])) {
    askNewDetail();
    showAlerts();
    showPairs();
  }
});

// ---- keys

const items = () => [...document.querySelectorAll('[data-item]')].filter((item) => item.offsetParent);

function step(by) {
  const all = items();
  const section = document.activeElement.closest('section');
  const own = all.filter((item) => item.closest('section') === section);
  const list = own.length ? own : all.filter((item) => item.closest('#feed'));
  const at = list.indexOf(document.activeElement);
  const next = list[Math.min(Math.max(at + by, 0), list.length - 1)];
  if (next) next.focus();
}

const keys = {
  '/': () => byId('q').focus(),
  j: () => step(1),
  k: () => step(-1),
  p: () => open('view', 'pipeline'),
  '?': () => byId('help').showModal(),
};
parts.forEach(([id], i) => {
  keys[i + 1] = () => {
    set({ tab: id });
    byId(id).focus();
  };
});

addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || byId('help').open) return;
  if (event.key === 'Escape') {
    if (event.target.matches('input')) event.target.blur();
    else closeDetail();
    return;
  }
  if (event.target.matches('input, select, textarea') || !keys[event.key]) return;
  event.preventDefault();
  keys[event.key]();
});

// ---- light and dark: the system's, unless chosen

function showTheme(theme) {
  if (theme) document.documentElement.dataset.theme = theme;
  else delete document.documentElement.dataset.theme;
}

byId('theme').addEventListener('click', () => {
  const isDark = document.documentElement.dataset.theme
    ? document.documentElement.dataset.theme === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
  const theme = isDark ? 'light' : 'dark';
  localStorage.setItem('theme', theme);
  showTheme(theme);
});

showTheme(localStorage.getItem('theme'));
byId('help-open').addEventListener('click', () => byId('help').showModal());
byId('health').addEventListener('click', () => open('view', 'pipeline'));
byId('detail-close').addEventListener('click', closeDetail);
byId('feed-new').addEventListener('click', feed.showNew);
byId('feed-older').addEventListener('click', quietly(feed.older));
beginFilters();
showTabs();
showShow();
listen(told, connected);
setInterval(askStatus, 10000);
