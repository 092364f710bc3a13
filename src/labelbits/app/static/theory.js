// The theory explorer: sliders whose place is the address; numbers that follow them.
/* global ink, narrow, Plotly, plots, settings, whole */
import {byId, h, table, wholeSteps} from './dom.js';
import {Latest} from './latest.js';
import {paper} from './paper.js';
import {get} from './server.js';

const first = JSON.parse(byId('first').textContent);
const HEAD = ['kind of question', 'bits an answer', 'worth in hard labels', 'price in hard labels', 'bits for the price of a hard label', 'alignment (90 % of worlds)'];
const at = new URLSearchParams(location.search);
const setting = {...first};
for (const key of Object.keys(first)) {
  if (!at.has(key)) continue;
  const given = Number(at.get(key)); // 0 is a number too: no answer at random
  setting[key] = key === 'signal' ? at.get(key) : Number.isFinite(given) ? given : first[key];
}

const say = fault => { byId('problem').textContent = fault ? fault.message : ''; };
const ranges = [...document.querySelectorAll('#sliders input[type=range]')];

function place(range) {
  const {low, high, log} = range.dataset, value = setting[range.id];
  const [a, b, x] = log ? [low, high, value].map(v => Math.log(v)) : [low, high, value].map(Number);
  range.value = (x - a) / (b - a);
  tell(range);
}
function tell(range) {
  const shown = Number(setting[range.id].toPrecision(3));
  byId(`${range.id}-shown`).textContent = range.id === 'lapse' ? `${Number((100 * shown).toPrecision(3))} %` : shown;
  range.setAttribute('aria-valuetext', byId(`${range.id}-shown`).textContent);
}
function valueAt(range, share) {
  const {low, high, log} = range.dataset;
  return log ? Math.exp(Math.log(low) + share * Math.log(high / low)) : Number(low) + share * (high - low);
}
function take(range) {
  const {whole: round} = range.dataset, value = valueAt(range, Number(range.value));
  setting[range.id] = round ? Math.round(value) : Number(value.toPrecision(3));
  tell(range);
}

function draw(name, figure) {
  figure.layout.font.color = ink();
  Plotly.react(name, figure.data, narrow(figure.layout), settings());
  if (!plots.includes(name)) plots.push(name);
}

const query = () => new URLSearchParams({...Object.fromEntries([...at].filter(([key]) => key === 'figure')), ...setting});
const asking = new Latest(() => get(`/api/theory?${new URLSearchParams(setting)}`), found => {
  say(null);
  draw('bits', found.bits);
  draw('recovery', found.recovery);
  byId('table').replaceChildren(table(HEAD, found.rows, 'numbers', 'Bits, prices and recovery'));
  byId('refused').replaceChildren(...found.refused.map(([name, why]) => h('li', {}, `${name}: `, whole(why))));
  byId('why').hidden = !found.refused.length;
  byId('numbers').classList.remove('waiting');
  byId('numbers').setAttribute('aria-busy', 'false');
}, say);

let writing = 0;
function update() {
  byId('numbers').classList.add('waiting');
  byId('numbers').setAttribute('aria-busy', 'true');
  asking.ask();
  clearTimeout(writing);
  writing = setTimeout(() => history.replaceState(null, '', `/theory?${query()}`), 150);
}

for (const range of ranges) {
  place(range);
  range.addEventListener('input', () => { take(range); update(); });
  if (range.dataset.whole) wholeSteps(range, {low: Number(range.dataset.low), high: Number(range.dataset.high),
    value: () => setting[range.id], of: share => valueAt(range, share),
    to: value => { setting[range.id] = value; place(range); update(); }});
}
byId('signal').value = setting.signal;
byId('signal').addEventListener('change', event => { setting.signal = event.target.value; update(); });
byId('sliders').addEventListener('submit', event => event.preventDefault());
asking.ask();
paper(at, name => {
  if (name) at.set('figure', name); else at.delete('figure');
  history.replaceState(null, '', `/theory?${query()}`);
}, say);
