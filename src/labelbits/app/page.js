// The result: advice, curves and table, which follow money and prices while they are moved.
/* global ink, plots, Plotly, narrow, settings, whole */
import {byId, h} from './static/dom.js';
import {Money} from './static/money.js';
import {put} from './static/fragments.js';
import {Latest} from './static/latest.js';
import {close, open} from './static/option.js';
import {keep, post} from './static/server.js';

const read = name => JSON.parse(byId(name).textContent);
const columns = Object.entries(read('columns'));
const about = read('about');
const money = new Money(byId('controls'));
const start = new URLSearchParams(location.search);
const ADVISED = '*'; // the purchase that is advised, whatever it is made of
let chosen = start.get('option') || '', size = Number(start.get('answers')) || null;

function show(state) {
  byId('sentence').textContent = whole(state.sentence);
  state.tradeoff.layout.font.color = ink();
  Plotly.react('tradeoff', state.tradeoff.data, narrow(state.tradeoff.layout), settings());
  byId('rows').replaceChildren(...state.rows.map(row => line(row, row.key && row.key === state.recommended)));
  warn(state.warnings);
  byId('see').hidden = !state.buys;
  byId('doubts').hidden = state.warnings.length === 0;
}

// A plan of thirty options warns of each: the first are read, the others are a click away.
const READ = 6;
function warn(texts) {
  const items = texts.map(text => h('li', {}, whole(text))), open = byId('warnings').querySelector('details')?.open;
  const rest = items.splice(items.length > READ + 2 ? READ : items.length);
  byId('warnings').replaceChildren(...items, ...(rest.length ? [h('li', {}, h('details', {open}, h('summary', {}, `${rest.length} more`), h('ul', {}, rest)))] : []));
}

function line(row, strong) {
  const cells = columns.map(([key, heading], i) => h('td', {role: 'cell', 'data-label': heading},
    i === 0 && row.key ? h('button', {type: 'button', className: 'link', 'data-key': row.key, 'aria-expanded': String(row.key === chosen), onclick: () => choose(row.key)}, row[key]) : whole(String(row[key] ?? '-'))));
  return h('tr', {role: 'row', className: [strong ? 'strong' : '', row.key && row.key === chosen ? 'chosen' : ''].join(' ').trim()}, cells);
}

// What follows money: grey while an answer is out, set apart for good where none could be given.
const SHOWN = ['verdict', 'rows', 'tradeoff', 'behind', 'option'];
function wait() {
  for (const name of SHOWN) {
    byId(name).classList.add('waiting');
    byId(name).setAttribute('aria-busy', 'true');
  }
}
function rest(names, stale) {
  for (const name of names) {
    byId(name).classList.remove('waiting');
    byId(name).classList.toggle('stale', stale);
    byId(name).setAttribute('aria-busy', 'false');
  }
}
const settled = () => rest(SHOWN.slice(0, 3), false);

const asked = () => ({run: about.run, ...money.asked()});
const fault = problem => { byId('problem').textContent = problem ? problem.message : ''; };

// One question at a time: of those that come while one is out, the last is asked next, and an answer
// that money has moved on from is never shown.
const verdict = new Latest(async () => post('/replan', asked()), state => {
  fault(null);
  show(state);
  settled();
  later();
}, problem => {
  fault(new Error(`${problem.message}. What is shown is of the money before.`.replace('..', '.')));
  rest(SHOWN, true);
});
const behind = new Latest(async () => [await post('/api/behind', asked()), chosen && await post('/api/option', {...asked(), family: chosen, answers: size}).catch(problem => problem)],
  ([found, option]) => {
    put(byId('behind'), found.html);
    rest(SHOWN.slice(3), false);
    if (chosen && option) open(byId('option'), option, {asked, resize, shut, fault});
  }, fault);

let timer = 0;
function later() {
  clearTimeout(timer);
  timer = setTimeout(() => behind.ask(), 250);
}

function update() {
  clearTimeout(timer);
  behind.forget();
  wait();
  verdict.ask();
  keepAddress();
}

let writing = 0;
function keepAddress() {
  clearTimeout(writing);
  writing = setTimeout(() => history.replaceState(null, '', address()), 150);
}
function address() {
  const found = new URLSearchParams({run: about.run});
  money.write(found);
  if (chosen) found.set('option', chosen);
  if (chosen && size) found.set('answers', size);
  return `/result?${found}`;
}

// Of options that are clicked one after the other the last is shown.
let clicks = 0;
const choose = (name, answers = null) => (name === chosen && answers === null ? shut() : look(name, answers));
async function look(name, answers) {
  const mine = ++clicks;
  chosen = name; size = answers;
  mark();
  try {
    const found = await post('/api/option', {...asked(), family: chosen, answers: size});
    if (mine !== clicks) return;
    open(byId('option'), found, {asked, resize, shut, fault});
    byId('option').focus({preventScroll: true});
    byId('option').scrollIntoView({block: 'nearest'});
    fault(null);
  } catch (problem) { fault(problem); }
  keepAddress();
}
const resize = answers => look(chosen, answers);
function shut() {
  const back = [...byId('rows').querySelectorAll('button')].find(one => one.getAttribute('aria-expanded') === 'true');
  chosen = ''; size = null; clicks += 1;
  close(byId('option'));
  mark();
  keepAddress();
  (back || byId('see')).focus();
}
function mark() {
  [...byId('rows').rows].forEach(row => {
    const button = row.querySelector('button');
    const on = Boolean(button) && button.dataset.key === chosen;
    row.classList.toggle('chosen', on);
    if (button) button.setAttribute('aria-expanded', String(on));
  });
}

money.onchange = update;
byId('option').addEventListener('keydown', event => { if (event.key === 'Escape') shut(); });
byId('see').addEventListener('click', () => look(ADVISED, null));
byId('reset').addEventListener('click', () => { money.reset(); update(); });
byId('keep').addEventListener('click', async () => {
  try {
    const made = await post('/api/scenarios', {...asked(), name: ''});
    location.href = `/scenarios?name=${encodeURIComponent(made.name)}`;
  } catch (problem) { fault(problem); }
});
byId('plan-file').addEventListener('click', async () => {
  try {
    const found = await post('/api/plan-file', asked());
    keep(new Blob([found.text], {type: 'application/toml'}), `${about.title || 'plan'}.toml`);
  } catch (problem) { fault(problem); }
});

const moved = money.read(start);
show(read('first'));
plots.push('tradeoff');
byId('tradeoff').on('plotly_click', event => {
  const point = event.points.find(one => one.data.customdata);
  if (point && point.customdata) choose(point.customdata[0], point.customdata[1]);
});
if (moved) update(); else behind.ask();
if (chosen && !moved) look(chosen, size);
