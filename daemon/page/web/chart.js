// Small drawings: sparks, the series of a pair, counts by minute. SVG, so they scale and can be read.
import { s, h, fullTime, utc, dayOf, dayYearOf, clockOf, one } from './dom.js';

export function spark(values, usual) {
  const width = 72;
  const height = 20;
  const most = Math.max(10, usual || 0, ...values);
  const x = (i) => (i * width) / (values.length - 1);
  const y = (value) => height - 1 - (value / most) * (height - 3);
  const line = values.map((value, i) => `${x(i).toFixed(1)},${y(value).toFixed(1)}`).join(' ');
  return s('svg', { class: 'spark', viewBox: `0 0 ${width} ${height}`, width, height, 'aria-hidden': 'true' },
    s('polygon', { class: 'area', points: `0,${height} ${line} ${width},${height}` }),
    usual > 0 && s('line', { class: 'usual', x1: 0, x2: width, y1: y(usual), y2: y(usual) }),
    s('polyline', { class: 'line', points: line }));
}

const niceStep = (span, marks) => {
  const raw = span / marks;
  const power = 10 ** Math.floor(Math.log10(raw));
  return power * ([1, 2, 5].find((m) => m * power >= raw) || 10);
};

// Whole hours, days, months of the reader's zone.
function timeMarks(begin, end) {
  const hours = (end - begin) / 3600000;
  const marks = [];
  const date = new Date(begin);
  date.setMinutes(0, 0, 0);
  const step = hours <= 30 ? 6 : hours <= 24 * 10 ? 24 : hours <= 24 * 40 ? 24 * 7 : 0;
  if (step >= 24 || !step) date.setHours(0);
  if (!step) date.setDate(1);
  while (date.getTime() <= end) {
    if (date.getTime() >= begin && (step !== 6 || date.getHours() % 6 === 0)) marks.push(date.getTime());
    if (!step) date.setMonth(date.getMonth() + (hours > 24 * 200 ? 2 : 1));
    else if (step >= 24) date.setDate(date.getDate() + step / 24);
    else date.setHours(date.getHours() + 1);
  }
  return marks;
}

// data: {begin, step, series: [[level, usual, threat, act, cooperation]], alerts: [{opened, closed, level, id}]}
export function series(data, openAlert) {
  const width = 460;
  const height = 210;
  const left = 30;
  const right = 8;
  const top = 22;
  const bottom = 22;
  const end = data.begin + (data.series.length - 1) * data.step;
  const most = Math.max(20, ...data.series.map((point) => Math.max(point[0], point[1], point[4]))) * 1.08;
  const x = (ms) => left + ((ms - data.begin) / Math.max(1, end - data.begin)) * (width - left - right);
  const y = (value) => height - bottom - (value / most) * (height - top - bottom);
  const points = (column) => data.series.map((point, i) => `${x(data.begin + i * data.step).toFixed(1)},${y(point[column]).toFixed(1)}`).join(' ');
  const grid = [];
  for (let value = 0; value <= most; value += niceStep(most, 4)) {
    grid.push(s('line', { class: 'grid', x1: left, x2: width - right, y1: y(value), y2: y(value) }),
      s('text', { class: 'axis', x: left - 5, y: y(value) + 3.5, 'text-anchor': 'end' }, String(value)));
  }
  const isShort = end - data.begin <= 30 * 3600000;
  const isLong = end - data.begin > 200 * 86400000;
  for (const mark of timeMarks(data.begin, end)) {
    const label = isShort ? clockOf(mark) : isLong ? dayYearOf(mark).replace(/^\D*1\D+/, '') : dayOf(mark);
    grid.push(s('line', { class: 'grid', x1: x(mark), x2: x(mark), y1: height - bottom, y2: height - bottom + 4 }),
      s('text', { class: 'axis', x: x(mark), y: height - 6, 'text-anchor': 'middle' }, label));
  }
  const marks = data.alerts.filter((alert) => (alert.closed || end) >= data.begin && alert.opened <= end + data.step).map((alert) => {
    const from = Math.max(left, x(alert.opened));
    const to = Math.min(width - right, x(alert.closed || end));
    return s('g', { class: `alert ${alert.level}`, tabindex: 0, role: 'button', 'aria-label': `Alert ${alert.rule}, ${alert.level}, opened ${fullTime(alert.opened)}`,
      onclick: () => openAlert(alert.id), onkeydown: (event) => event.key === 'Enter' && openAlert(alert.id) },
    s('title', {}, `${alert.rule}: ${alert.level}, opened ${fullTime(alert.opened)}${alert.closed ? `, closed ${fullTime(alert.closed)}` : ', open'}`),
    s('rect', { x: from, y: top - 14, width: Math.max(2, to - from), height: 5, rx: 2 }),
    s('path', { d: `M${from - 5},${top - 16} h10 l-5,9 z` }),
    s('line', { x1: from, x2: from, y1: top - 9, y2: height - bottom }));
  });
  const readout = h('p', { class: 'readout quiet', 'aria-hidden': 'true' }, 'Point at the series for its figures.');
  const cursor = s('line', { class: 'cursor', y1: top, y2: height - bottom, x1: -9, x2: -9 });
  const picture = s('svg', { class: 'series', viewBox: `0 0 ${width} ${height}`, role: 'group',
    'aria-label': `Level over time: ${one(data.series.at(-1)[0])} now, highest ${one(Math.max(...data.series.map((point) => point[0])))}, ${data.alerts.length} alerts` },
  grid,
  s('polygon', { class: 'area', points: `${left},${y(0)} ${points(0)} ${x(end)},${y(0)}` }),
  s('polyline', { class: 'usual', points: points(1) }),
  s('polyline', { class: 'cooperation', points: points(4) }),
  s('polyline', { class: 'level', points: points(0) }),
  cursor, marks);
  picture.addEventListener('pointermove', (event) => {
    const box = picture.getBoundingClientRect();
    const at = ((event.clientX - box.left) / box.width) * width;
    const i = Math.round(((at - left) / (width - left - right)) * (data.series.length - 1));
    const point = data.series[Math.min(Math.max(i, 0), data.series.length - 1)];
    const ms = data.begin + Math.min(Math.max(i, 0), data.series.length - 1) * data.step;
    cursor.setAttribute('x1', x(ms));
    cursor.setAttribute('x2', x(ms));
    readout.textContent = `${fullTime(ms)}   level ${one(point[0])} (threat ${one(point[2])}, act ${one(point[3])})   usual ${one(point[1])}   cooperation ${one(point[4])}`;
    readout.title = utc(ms);
  });
  return h('figure', { class: 'chart' }, picture,
    h('figcaption', {}, h('span', { class: 'key level' }, 'level'), h('span', { class: 'key usual' }, 'usual'),
      h('span', { class: 'key cooperation' }, 'cooperation'), h('span', { class: 'key alerted' }, 'alert')),
    readout);
}

// minutes: [[ms, news, copies, dead]], of the last `shown` minutes
export function bars(minutes, now) {
  const width = 460;
  const height = 64;
  const shown = 120;
  const last = Math.floor(now / 60000);
  const counts = new Map(minutes.map((minute) => [minute[0] / 60000, minute]));
  const most = Math.max(1, ...minutes.filter((minute) => minute[0] / 60000 > last - shown).map((minute) => minute[1] + minute[2] + minute[3]));
  const out = [];
  for (let i = 0; i < shown; ++i) {
    const minute = counts.get(last - shown + 1 + i);
    if (!minute) continue;
    let base = height;
    ['news', 'copies', 'dead'].forEach((kind, j) => {
      const size = (minute[j + 1] / most) * (height - 4);
      base -= size;
      if (size > 0) out.push(s('rect', { class: kind, x: (i * width) / shown, y: base, width: width / shown - 0.8, height: size }));
    });
  }
  return h('figure', { class: 'chart' },
    s('svg', { class: 'minutes', viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': `Articles by minute of the last two hours, at most ${most}` }, out),
    h('figcaption', {}, h('span', { class: 'key news' }, 'news'), h('span', { class: 'key copies' }, 'copies'), h('span', { class: 'key dead' }, 'not read'),
      h('span', { class: 'quiet' }, 'two hours, by minute')));
}
