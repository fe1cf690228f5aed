// What makes the page react: charts drawn anew from the numbers in it, at any width, with a crosshair, a zoom that all
// charts over time share, strategies to hide, tables to sort. Without it the pictures stand.
(() => {
'use strict';
let numbers = JSON.parse(document.getElementById('numbers').textContent);
const shared = { hidden: new Set(), zoom: null, at: null, mark: null, touched: null };
const plots = [];
const make = (name, attributes, ...children) => {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes || {})) element.setAttribute(key, value);
  element.append(...children);
  return element;
};
const safe = text => String(text).replace(/[&<>"]/g, c => `&#${c.charCodeAt(0)};`);

// Numbers as the rest of the page has them.
const grouped = (value, decimals) => value.toLocaleString('en-US', { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
const number = value => grouped(value, Math.abs(value) >= 100 || value === Math.trunc(value) ? 0 : Math.abs(value) < 10 ? 2 : 1);
const milliseconds = value => value < 1000 ? `${number(value)} ms` : `${number(value / 1000)} s`;
const said = { rate: value => `${number(value)}/s`, time: milliseconds, jobs: number };
const clock = seconds => seconds < 120 ? `${number(seconds)} s` : seconds < 7200 ? `${number(seconds / 60)} min` : `${number(seconds / 3600)} h`;
const percentile = nines => {
  const share = 100 - 100 * 10 ** -nines;
  return `${share.toFixed(share < 99 ? 1 : Math.min(5, Math.ceil(nines)))} %`.replace('.0 %', ' %');
};

// Scales.
const grown = value => Math.log10(1 + Math.max(0, value));
const step = (span, wanted) => {
  const rough = span / wanted, power = 10 ** Math.floor(Math.log10(rough));
  return [1, 2, 5, 10].map(m => m * power).find(s => s >= rough * .999);
};
const evenly = (low, high, wanted) => {
  const by = step(high - low || 1, wanted), marks = [];
  for (let at = Math.ceil(low / by - 1e-9); at * by <= high + by * 1e-6; at++) marks.push(at * by || 0);
  return marks;
};
const decades = (low, high, wanted) => {
  const all = [], few = Math.log10(high / low);
  for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high) + 1; power++)
    for (const m of few > 2.5 ? [1] : few > 1.2 ? [1, 3] : [1, 2, 5]) all.push(m * 10 ** power);
  const inside = all.filter(value => value >= low * .999 && value <= high * 1.001);
  return inside.filter((_, index) => index % Math.ceil(inside.length / wanted) === 0);
};
function vertical(unit, log, most, least, lowest) {
  if (!(most > 0)) most = 1;
  if (log && unit === 'time') {
    const low = Math.min(least, most / 2) * .9, high = most * 1.1;
    return { to: v => Math.log10(Math.max(v, 1e-3) / low) / Math.log10(high / low), marks: decades(low, high, 6) };
  }
  if (log) {
    const base = lowest >= 10 && lowest < most ? 10 ** Math.floor(Math.log10(lowest)) : 0, low = grown(base);
    const span = (grown(Math.max(most, 1)) - low) * 1.03, marks = decades(Math.max(base, 1), Math.max(most, 1), 6);
    return { to: v => (grown(v) - low) / span, marks: base ? marks : [0, ...marks] };
  }
  const marks = evenly(0, most * 1.02, 5), high = Math.max(most * 1.02, marks[marks.length - 1]);
  return { to: v => v / high, marks };
}
const seconds = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 21600, 43200, 86400];
function times(low, high, wanted) {
  const by = seconds.find(s => (high - low) / s <= wanted) || Math.ceil((high - low) / wanted / 86400) * 86400;
  const [unit, name] = high <= 300 ? [1, 's'] : high <= 10800 ? [60, 'min'] : [3600, 'h'], marks = [];
  for (let at = Math.ceil(low / by) * by; at <= high + 1e-9; at += by) marks.push([at, `${number(at / unit)}`]);
  if (marks.length) marks[marks.length - 1][1] += ` ${name}`;
  return marks;
}

// One chart. `lines` are { s: strategy or null, n: name, xs, ys }, a height that is null is a gap.
class Plot {
  constructor(figure, lines, options) {
    Object.assign(this, { figure, log: false, ...options });
    this.title = figure.querySelector('figcaption b').textContent;
    this.host = make('div', { class: 'plot', tabindex: 0, role: 'slider', 'aria-label': `${this.title}: values at`, 'aria-valuemin': 0, 'aria-valuemax': 0, 'aria-valuenow': 0 });
    this.tip = make('div', { class: 'tip', hidden: '', 'aria-hidden': 'true' });
    this.picture = make('div');
    this.host.append(this.picture, this.tip);
    figure.append(this.host);
    figure.classList.add('drawn');
    if (this.time) {
      this.button = make('button', { type: 'button', 'aria-pressed': this.log, 'aria-label': `log scale of ${this.title}` }, 'log');
      this.button.onclick = () => this.scale();
      figure.querySelector('figcaption').prepend(this.button);
    }
    this.take(lines, this.quota);
    this.listen();
    plots.push(this);
  }
  take(lines, quota) {
    Object.assign(this, { lines, quota, end: Math.max(...lines.map(line => line.end), this.time ? 1 : 0) });
    if (this.to) this.draw();
  }
  scale() {
    this.log = !this.log;
    this.button.setAttribute('aria-pressed', this.log);
    this.draw();
  }
  look(line) { return line.s === null ? numbers.offered : numbers.looks[line.s]; }
  shown() { return this.lines.filter(line => line.s === null || !shared.hidden.has(line.s)); }
  range() { return this.time && shared.zoom || [0, this.end]; }
  x(at) { const [low, high] = this.range(); return this.left + (at - low) / (high - low) * this.wide; }
  y(value) { return this.top + (1 - this.to(value)) * this.high; }
  at(x) { const [low, high] = this.range(); return Math.min(high, Math.max(low, low + (x - this.left) / this.wide * (high - low))); }
  isDrawn(value) { return value !== null && !(this.unit === 'time' && value < numbers.cache); }

  draw() {
    const width = this.host.clientWidth;
    if (!width) return;
    const height = this.time ? 215 : 270, lines = this.shown(), [low, high] = this.range();
    const longest = Math.min(14, Math.max(0, ...lines.map(line => line.n.length)));
    const labels = Math.min(longest * 7 + 12, width * .27);
    Object.assign(this, { width, height, left: 58, top: 10, wide: Math.max(40, width - 58 - labels - 6), high: height - 10 - 26 });
    let most = 0, least = Infinity, lowest = Infinity;
    for (const line of lines) line.xs.forEach((x, index) => {
      const value = line.ys[index];
      if (x < low || x > high || !this.isDrawn(value)) return;
      if (value > most) most = value;
      if (value < lowest) lowest = value;
      if (value > 0 && value < least) least = value;
    });
    const far = this.quota && !this.log && this.quota[1] > 4 * most;
    if (this.quota && !far) most = Math.max(most, this.quota[1]);
    const axis = vertical(this.unit, this.log, most, least, lowest);
    this.to = axis.to;
    const out = [`<svg viewBox="0 0 ${width} ${height}" height="${height}" aria-hidden="true">`];
    for (const mark of axis.marks) {
      const y = this.y(mark).toFixed(1);
      out.push(`<path d="M${this.left} ${y}h${this.wide}" stroke="var(--grid)"/><text x="${this.left - 6}" y="${+y + 4}" text-anchor="end">${said[this.unit](mark)}</text>`);
    }
    const bottom = this.top + this.high;
    for (const [at, words] of this.across(low, high)) {
      const x = this.x(at).toFixed(1);
      out.push(`<path d="M${x} ${this.time ? bottom : this.top}V${bottom + 4}" stroke="var(--${this.time ? 'muted' : 'grid'})"/><text x="${x}" y="${bottom + 17}" text-anchor="middle">${words}</text>`);
    }
    out.push(`<path d="M${this.left} ${bottom}h${this.wide}" stroke="var(--muted)"/>`);
    this.drawn = [];
    lines.forEach((line, place) => out.push(this.line(line, place, low, high)));
    out.push(this.quota ? this.limit(far) : '', this.names(lines, low, high), this.notes(lines, bottom), '<g class="cross"></g></svg>');
    this.picture.innerHTML = out.join('');
    this.cross = this.picture.querySelector('.cross');
    this.host.setAttribute('aria-valuemin', low);
    this.host.setAttribute('aria-valuemax', high);
    this.point();
  }
  across(low, high) {
    if (this.time) return times(low, high, Math.max(2, Math.floor(this.wide / 62)));
    const marks = [50, 90, 99, 99.9, 99.99, 99.999].map(p => [-Math.log10(1 - p / 100), `${p} %`]);
    let last = Infinity;
    return marks.filter(([at]) => at <= high + 1e-9).reverse().filter(([at]) => last - this.x(at) > 50 && ((last = this.x(at)), true));
  }
  limit(far) {
    const [name, value] = this.quota, words = `${safe(name)}: ${number(value)}/s`;
    if (far) return `<text class="quota" x="${this.left + 6}" y="${this.top + 10}">${words} ↑ far above</text>`;
    // Where the fewest lines cross it, from the left, above rather than below.
    const y = this.y(value), wide = words.length * 6.6, crossed = (x, row) => this.drawn.flatMap(points => points.filter(([at, height], index) => {
      const [from, before] = points[index - 1] || [at, height];
      return at >= x && from <= x + wide && Math.max(height, before) >= row - 11 && Math.min(height, before) <= row + 3;
    })).length;
    const spots = [y - 6, y + 14].filter(row => row > this.top + 8 && row < this.top + this.high).flatMap(row => {
      const room = Math.max(0, this.wide - wide - 6);
      return Array.from({ length: 1 + Math.floor(room / 20) }, (_, step) => [this.left + 6 + 20 * step, row]);
    });
    const best = spots.map(spot => [crossed(...spot), spot]).reduce((best, one) => one[0] < best[0] ? one : best);
    const [x, above] = best[1];
    return `<path d="M${this.left} ${y.toFixed(1)}h${this.wide}" stroke="var(--quota)" stroke-width="2" stroke-dasharray="8 5"/><text class="quota" x="${x}" y="${above.toFixed(1)}">${words}</text>`;
  }
  // Of each column of pixels the lowest and the highest, so that no burst is lost.
  line(line, place, low, high) {
    const look = this.look(line), points = [];
    let path = '', column = null, pen = false, from = 0;
    const flush = () => {
      if (!column) return;
      const spots = column.low === column.high ? [column.first] : column.lowFirst ? [column.low, column.high] : [column.high, column.low];
      for (const y of spots) { path += `${pen ? 'L' : 'M'}${column.x} ${y.toFixed(1)}`; pen = true; points.push([column.x, y]); }
      column = null;
    };
    while (from < line.xs.length - 1 && line.xs[from + 1] < low) from++;
    for (let index = from; index < line.xs.length; index++) {
      const value = line.ys[index];
      if (index > 0 && line.xs[index - 1] > high) break;
      if (!this.isDrawn(value)) { flush(); pen = false; continue; }
      const x = Math.round(this.x(line.xs[index]) * 2) / 2, y = this.y(value);
      if (column && column.x !== x) flush();
      if (!column) column = { x, first: y, low: y, high: y, lowFirst: true };
      if (y < column.low) Object.assign(column, { low: y, lowFirst: false });
      if (y > column.high) Object.assign(column, { high: y, lowFirst: true });
    }
    flush();
    this.drawn.push(points);
    let out = `<svg x="${this.left}" y="0" width="${this.wide}" height="${this.height}" viewBox="${this.left} 0 ${this.wide} ${this.height}"><path d="${path}" fill="none" stroke="var(--${look.c})" stroke-width="${line.s === null ? 1.2 : 2}" stroke-linejoin="round"${look.d ? ` stroke-dasharray="${look.d}"` : ''}/>`;
    if (look.m) for (let mark = 0; mark < 6 && points.length > 1; mark++) {
      const wanted = this.left + (mark + place % 6 / 6 + .08) / 6 * this.wide;
      const spot = points.find(([x]) => x >= wanted);
      if (spot && spot[0] - wanted < this.wide / 6) out += `<polygon points="${look.m}" transform="translate(${spot[0]} ${spot[1].toFixed(1)})" fill="var(--${look.c})"/>`;
    }
    return `${out}</svg>`;
  }
  names(lines, low, high) {
    // What has not begun yet has no end to be named.
    const begun = lines.filter(line => line.ys.some(value => value !== null));
    const x = this.left + this.wide, ends = begun.map(line => {
      let index = line.xs.length - 1;
      while (index > 0 && (line.xs[index] > high || !this.isDrawn(line.ys[index]))) index--;
      const known = this.isDrawn(line.ys[index]) && line.xs[index] >= low;
      return { line, y: known ? this.y(line.ys[index]) : this.top + this.high, from: known ? this.x(line.xs[index]) : x };
    }).sort((a, b) => a.y - b.y);
    ends.forEach((end, index) => { end.at = Math.max(end.y, index ? ends[index - 1].at + 14 : 6); });
    let limit = this.top + this.high;
    for (const end of [...ends].reverse()) { end.at = Math.min(end.at, limit); limit = end.at - 14; }
    const letters = Math.max(3, Math.floor((this.width - x - 8) / 7.2));
    this.ends = ends.map(({ line }) => ({ line, name: line.n.length > letters ? `${line.n.slice(0, letters - 1)}…` : line.n }));
    return ends.map(({ line, y, at, from }, place) => {
      const look = this.look(line), { name } = this.ends[place];
      return `<path d="M${Math.min(from, x).toFixed(1)} ${y.toFixed(1)}L${x + 4} ${at.toFixed(1)}" stroke="var(--${look.c})" fill="none"${from < x - 8 ? ' stroke-dasharray="1 4"' : ''}/><text class="end" x="${x + 7}" y="${(at + 4).toFixed(1)}" style="fill:var(--${line.s === null ? 'muted' : look.c})">${safe(name)}</text>`;
    }).join('');
  }
  // What a cache served at once is told, not drawn.
  notes(lines, bottom) {
    const hits = lines.filter(line => line.hit > 0);
    return hits.map((line, row) => `<text x="${this.left + 6}" y="${bottom - 6 - 15 * row}" style="fill:var(--${this.look(line).c})">${safe(line.n)}: ${percentage(line.hit)} from its cache, at once</text>`).join('');
  }
  value(line, at) {
    const { xs, ys } = line;
    if (this.time) {
      const index = Math.min(ys.length - 1, Math.floor(at / line.d + 1e-9));
      return index < 0 ? null : ys[index];
    }
    const percent = 100 - 100 * 10 ** -at;
    if (line.hit > percent) return 0;
    const index = xs.findIndex(x => x >= at - 1e-9);
    return index < 0 ? ys[ys.length - 1] ?? null : ys[index];
  }
  tell(value) { return value === null ? '–' : this.isDrawn(value) ? said[this.unit](value) : 'from its cache'; }
  readings(at) {
    return this.shown().map(line => ({ line, value: this.value(line, at) })).sort((a, b) => (b.value ?? -1) - (a.value ?? -1));
  }
  // The crosshair, where it is now.
  point() {
    const at = this.time ? shared.at : this.here ?? null, [low, high] = this.range();
    const isSeen = at !== null && at >= low && at <= high, isTouched = shared.touched === this;
    // Where the pointer is elsewhere the names at the ends give way to values.
    this.picture.querySelectorAll('.end').forEach((text, place) => {
      const { line, name } = this.ends[place];
      text.textContent = isSeen && !isTouched ? this.tell(this.value(line, at)) : name;
    });
    this.tip.hidden = !isSeen || !isTouched;
    if (!isSeen) { this.cross.innerHTML = ''; return; }
    const x = this.x(at), readings = this.readings(at);
    const dots = readings.filter(({ value }) => this.isDrawn(value)).map(({ line, value }) => `<circle cx="${x.toFixed(1)}" cy="${this.y(value).toFixed(1)}" r="3.5" fill="var(--${this.look(line).c})" stroke="var(--page)"/>`);
    const marked = this.time && shared.mark !== null ? `<rect class="brush" x="${Math.min(x, this.x(shared.mark)).toFixed(1)}" y="${this.top}" width="${Math.abs(x - this.x(shared.mark)).toFixed(1)}" height="${this.high}"/>` : '';
    this.cross.innerHTML = `${marked}<path d="M${x.toFixed(1)} ${this.top}v${this.high}" stroke="var(--muted)"/>${dots.join('')}`;
    const where = this.time ? clock(at) : percentile(at);
    const rows = readings.map(({ line, value }) => `<div>${key(line)}<span>${safe(line.n)}</span><span>${this.tell(value)}</span></div>`);
    this.tip.innerHTML = `<b>${where}</b>${rows.join('')}`;
    const room = this.tip.offsetWidth, left = x + 14 + room < this.width ? x + 14 : Math.max(0, x - 14 - room);
    this.tip.style.left = `${left}px`;
    this.host.setAttribute('aria-valuenow', at);
    this.host.setAttribute('aria-valuetext', `${where}: ${readings.map(({ line, value }) => `${line.n} ${this.tell(value)}`).join(', ')}`);
  }
  move(at) {
    shared.touched = this;
    if (!this.time) { this.here = at; return this.point(); }
    const by = this.lines[0].d;
    shared.at = at === null ? null : Math.floor(at / by + 1e-9) * by;
    everyTime(plot => plot.point());
  }
  listen() {
    const { host } = this;
    let began = null;
    const where = event => this.at(event.clientX - host.getBoundingClientRect().left);
    host.addEventListener('pointermove', event => {
      if (began !== null && shared.mark === null && Math.abs(event.clientX - began.x) > 4) shared.mark = began.at;
      this.move(where(event));
    });
    host.addEventListener('pointerdown', event => {
      this.move(where(event));
      if (!this.time || event.pointerType === 'touch' || event.button) return;
      began = { x: event.clientX, at: shared.at };
      host.setPointerCapture(event.pointerId);
    });
    host.addEventListener('pointerup', () => {
      began = null;
      if (shared.mark !== null) zoom(shared.mark, shared.at);
    });
    host.addEventListener('pointercancel', () => { began = null; shared.mark = null; this.move(null); });
    host.addEventListener('pointerleave', () => { if (began === null && document.activeElement !== host) this.move(null); });
    host.addEventListener('blur', () => { shared.mark = null; this.move(null); });
    if (this.time) host.addEventListener('dblclick', () => zoom());
    host.addEventListener('keydown', event => this.key(event));
  }
  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const [low, high] = this.range(), now = (this.time ? shared.at : this.here) ?? low;
    const by = this.time ? this.lines[0].d : high / 40, jump = (high - low) / 10;
    const to = { ArrowRight: now + by, ArrowUp: now + by, ArrowLeft: now - by, ArrowDown: now - by, PageUp: now + jump, PageDown: now - jump, Home: low, End: high }[event.key];
    if (to !== undefined) {
      if (this.time) shared.mark = event.shiftKey ? shared.mark ?? now : null;
      this.move(Math.min(high, Math.max(low, to)));
    } else if (this.time && event.key === 'Enter' && shared.mark !== null) zoom(shared.mark, shared.at);
    else if (this.time && (event.key === '+' || event.key === '-')) closer(event.key === '+' ? .5 : 2);
    else if (this.time && (event.key === 'Escape' || event.key === '0')) zoom();
    else if (this.time && event.key === 'l') this.scale();
    else return;
    event.preventDefault();
  }
}
const percentage = value => `${value.toFixed(value < 99 ? 1 : 2)} %`;
const key = line => {
  const look = line.s === null ? numbers.offered : numbers.looks[line.s];
  return `<svg class="key" viewBox="0 0 26 12"><path d="M0 6H26" stroke="var(--${look.c})" stroke-width="2.5"${look.d ? ` stroke-dasharray="${look.d}"` : ''}/>${look.m ? `<polygon points="${look.m}" transform="translate(13 6)" fill="var(--${look.c})"/>` : ''}</svg>`;
};
const everyTime = act => plots.filter(plot => plot.time).forEach(act);

// The zoom that all charts over time share.
const whole = () => Math.max(...plots.filter(plot => plot.time).map(plot => plot.end));
const least = () => Math.max(...plots.filter(plot => plot.time).map(plot => plot.lines[0].d)) * 2;
let status;
function zoom(from, to) {
  shared.mark = null;
  const end = whole();
  if (from === undefined) shared.zoom = null;
  else {
    let [low, high] = [Math.max(0, Math.min(from, to)), Math.min(end, Math.max(from, to))];
    if (high - low < least()) { const middle = (low + high) / 2; low = Math.max(0, middle - least() / 2); high = Math.min(end, low + least()); }
    shared.zoom = low <= 0 && high >= end ? null : [low, high];
  }
  status.textContent = shared.zoom ? `${clock(shared.zoom[0])} to ${clock(shared.zoom[1])} of ${clock(end)}` : '';
  everyTime(plot => plot.draw());
}
function closer(factor) {
  const [low, high] = shared.zoom || [0, whole()], middle = shared.at !== null && shared.at >= low && shared.at <= high ? shared.at : (low + high) / 2;
  zoom(middle - (middle - low) * factor, middle + (high - middle) * factor);
}

function tools() {
  const bar = document.querySelector('.tools');
  if (!bar) return;
  const label = make('span', { id: 'tools' }, 'Show');
  bar.setAttribute('role', 'group');
  bar.setAttribute('aria-labelledby', 'tools');
  bar.append(label);
  numbers.looks.forEach((look, place) => {
    const button = make('button', { type: 'button', 'aria-pressed': 'true', title: 'Click to hide or show; with Shift to show it alone' });
    button.innerHTML = key({ s: place }) + safe(look.n);
    button.onclick = event => {
      const others = numbers.looks.map((_, other) => other).filter(other => other !== place);
      if (event.shiftKey) shared.hidden = others.every(other => shared.hidden.has(other)) ? new Set() : new Set(others);
      else if (!shared.hidden.delete(place)) shared.hidden.add(place);
      bar.querySelectorAll('button[aria-pressed]').forEach((one, other) => one.setAttribute('aria-pressed', !shared.hidden.has(other)));
      plots.forEach(plot => plot.draw());
    };
    bar.append(button);
  });
  status = make('output', {});
  bar.append(make('span', { class: 'gap' }), status);
  for (const [words, name, act] of [['+', 'Zoom in', () => closer(.5)], ['−', 'Zoom out', () => closer(2)], ['all', 'Show all of the time', () => zoom()]]) {
    const button = make('button', { type: 'button', 'aria-label': name, title: `${name}; or drag over a chart, and double-click to see all again` }, words);
    button.onclick = act;
    bar.append(button);
  }
  bar.hidden = false;
}

const courses = chart => chart.lines.map(line => ({ ...line, ys: line.v, xs: line.v.map((_, index) => index * line.d), end: line.v.length * line.d }));
function charts() {
  for (const chart of numbers.time) {
    const figure = document.querySelector(`figure[data-of="${CSS.escape(chart.id)}"]`);
    if (!figure) continue;
    new Plot(figure, courses(chart), { unit: chart.unit, log: chart.log, quota: chart.quota, time: true });
  }
  const figure = document.querySelector('figure[data-draw="curves"]');
  if (figure) {
    const lines = numbers.curves.map(curve => {
      const xs = curve.p.map(point => point[0]);
      return { ...curve, xs, ys: curve.p.map(point => point[1]), end: xs[xs.length - 1] || 0 };
    });
    new Plot(figure, lines, { unit: 'time', log: true, time: false });
  }
  const watch = new ResizeObserver(entries => entries.forEach(entry => plots.find(plot => plot.host === entry.target).draw()));
  plots.forEach(plot => { plot.draw(); watch.observe(plot.host); });
}

// Tables.
const units = { ms: 1, s: 1e3, min: 6e4, h: 36e5, KiB: 1024, MiB: 1048576, GiB: 1073741824 };
function worth(text) {
  if (text.trim().startsWith('∞')) return Infinity;
  const found = /^[<>▸]?\s*(-?[\d,]*\.?\d+)(?:\s*(ms|s|min|h|KiB|MiB|GiB))?(?![A-Za-z])/.exec(text.trim());
  return found && parseFloat(found[1].replace(/,/g, '')) * (units[found[2]] || 1);
}
function compared(a, b) {
  const [x, y] = [worth(a), worth(b)];
  if (x !== null && y !== null) return x - y;
  if (x !== null || y !== null) return x !== null ? 1 : -1;
  return a.localeCompare(b, 'en');
}
function sortable(table) {
  const heads = [...table.tHead.rows[0].cells], body = table.tBodies[0];
  if (body.rows.length < 2) return;
  heads.forEach((head, column) => {
    const button = make('button', { type: 'button' }, ...head.childNodes);
    head.append(button);
    button.onclick = () => {
      const down = head.getAttribute('aria-sort') === 'ascending';
      heads.forEach(other => other.removeAttribute('aria-sort'));
      head.setAttribute('aria-sort', down ? 'descending' : 'ascending');
      const words = row => row.cells[column].textContent;
      const rows = [...body.rows].sort((a, b) => (down ? -1 : 1) * compared(words(a), words(b)));
      body.append(...rows);
    };
  });
}

// Details: a link to one opens it, and on paper all are open.
function reveal() {
  const place = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!place) return;
  for (let around = place; around; around = around.parentElement) if (around.tagName === 'DETAILS') around.open = true;
  const figure = place.closest('figure');
  (figure || place).scrollIntoView({ block: 'center' });
  if (figure) figure.querySelector('.plot')?.focus({ preventScroll: true });
}
let folded = [];
addEventListener('beforeprint', () => {
  folded = [...document.querySelectorAll('.fold > details:not([open]), .meaning:not([open])')];
  folded.forEach(detail => { detail.open = true; });
});
addEventListener('afterprint', () => folded.forEach(detail => { detail.open = false; }));
addEventListener('hashchange', reveal);
document.addEventListener('click', event => {
  const link = event.target.closest?.('a[href^="#"]');
  if (link && link.hash === location.hash) reveal();
});
// While a run lasts its page gets new numbers.
document.addEventListener('numbers', event => {
  numbers = event.detail;
  for (const chart of numbers.time) {
    const plot = plots.find(plot => plot.figure.dataset.of === chart.id);
    if (plot) plot.take(courses(chart), chart.quota);
  }
});
charts();
tools();
document.querySelectorAll('table').forEach(sortable);
reveal();
})();
