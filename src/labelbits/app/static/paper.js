// The paper's figures: a click shows one, with its claims and what became of them.
/* global plot, whole */
import {byId, h} from './dom.js';
import {clear} from './fragments.js';
import {get, post} from './server.js';

const CLASSES = {held: 'held', 'did not hold': 'failed'};

/** Show the list, and the figure that the address names; `moved(name)` writes the address. */
export async function paper(at, moved, say) {
  let found = {figures: []};

  function list() {
    byId('run').textContent = found.own ? 'Numbers of your own run.' : 'Numbers of a quick run, with few worlds: what cannot be told here, a full run may tell (labelbits reproduce).';
    byId('figures').replaceChildren(...found.figures.map(one => {
      const held = one.verdicts.filter(([, word]) => word === 'held').length;
      return h('button', {type: 'button', 'data-name': one.name, 'aria-pressed': String(at.get('figure') === one.name), onclick: () => show(one)},
        one.title, one.verdicts.length ? ` (${held} of ${one.verdicts.length} held)` : '');
    }));
  }

  async function show(one) {
    try {
      const drawing = await get(`/api/paper/${encodeURIComponent(one.name)}`);
      const place = byId('figure-shown');
      clear(place);
      place.replaceChildren(h('div', {}, h('h3', {}, one.title), h('p', {}, whole(one.caption)),
        h('ul', {className: 'verdicts'}, one.verdicts.map(([claim, word, number]) => h('li', {className: CLASSES[word] || ''},
          h('b', {}, `${word[0].toUpperCase()}${word.slice(1)}: `), whole(`${claim.replace(/\.$/, '')}: ${number}`)))),
        one.verdicts.length ? null : h('p', {className: 'quiet'}, 'This run holds no number that would judge the claim.'),
        h('div', {className: 'figure', id: 'paper-figure', role: 'figure', 'aria-label': one.title})));
      plot('paper-figure', drawing);
      byId('figures').querySelectorAll('button').forEach(button => button.setAttribute('aria-pressed', String(button.dataset.name === one.name)));
      moved(one.name);
    } catch (fault) { say(fault); }
  }

  byId('own').addEventListener('submit', async event => {
    event.preventDefault();
    try {
      found = await post('/api/paper', {path: byId('own-path').value});
      list();
      say(null);
    } catch (fault) { say(fault); }
  });
  try {
    found = await get('/api/paper');
    list();
    const named = found.figures.find(one => one.name === at.get('figure'));
    if (named) await show(named);
  } catch (fault) { say(fault); }
}
