// Plans kept under names: which are compared stands in the address.
/* global whole */
import {byId, h} from './dom.js';
import {clear, put} from './fragments.js';
import {Latest} from './latest.js';
import {get, post, save} from './server.js';

const at = new URLSearchParams(location.search);
let kept = [], chosen = new Set(at.getAll('name'));

const say = fault => { byId('problem').textContent = fault ? fault.message : ''; };
const guarded = work => async (...given) => {
  try { say(null); await work(...given); } catch (fault) { say(fault); }
};
let none = at.has('none');
const names = () => kept.map(one => one.name).filter(name => chosen.has(name));

function show(found) {
  kept = found.scenarios;
  // An address that names none, or none that is here any more, compares all; `none` compares none.
  if (!names().length && !none) chosen = new Set(kept.map(one => one.name));
  byId('empty').hidden = kept.length > 0;
  const at = byId('list').contains(document.activeElement) && document.activeElement.id;
  byId('list').replaceChildren(...kept.map(card));
  // The hand stays where it was; where the last one went, it goes on at the rooms.
  if (at) (byId(at) || byId(`name-${kept.length - 1}`) || byId('main')).focus();
  compare();
}

function card(one, i) {
  const box = h('input', {type: 'checkbox', id: `chosen-${i}`, checked: chosen.has(one.name), onchange: event => {
    if (event.target.checked) chosen.add(one.name); else chosen.delete(one.name);
    none = !names().length;
    compare();
  }});
  const name = h('input', {type: 'text', id: `name-${i}`, value: one.name, maxLength: 120, 'aria-label': `Name of the scenario ${one.name}`, onchange: guarded(async event => {
    const found = await post('/api/scenarios/rename', {name: one.name, to: event.target.value});
    if (chosen.delete(one.name)) chosen.add(found.name);
    show(found);
  })});
  return h('article', {className: 'scenario', 'aria-label': one.name},
    h('p', {className: 'next-bar'}, h('label', {htmlFor: box.id}, box, ' compare'), name,
      one.file ? h('button', {type: 'button', id: `edit-${i}`, onclick: guarded(async () => { await post('/api/scenarios/open', {name: one.name}); location.href = '/edit'; }), 'aria-label': `Edit the plan of ${one.name}`}, 'Edit its plan') : null,
      h('button', {type: 'button', id: `remove-${i}`, className: 'quiet', 'aria-label': `Remove ${one.name}`, onclick: guarded(async () => { chosen.delete(one.name); show(await post('/api/scenarios/remove', {name: one.name})); })}, 'Remove')),
    h('p', {}, h('bdi', {}, whole(one.sentence))));
}

const comparing = new Latest(() => post('/api/scenarios/compare', {names: names()}), found => {
  put(byId('compared'), found.html);
  byId('compared').classList.remove('waiting');
}, say);

function compare() {
  const found = new URLSearchParams(names().map(name => ['name', name]));
  history.replaceState(null, '', names().length ? `/scenarios?${found}` : `/scenarios${none ? '?none' : ''}`);
  byId('share').disabled = !names().length;
  if (!names().length) { clear(byId('compared')); byId('compared').replaceChildren(); return; }
  byId('compared').classList.add('waiting');
  comparing.ask();
}

byId('share').addEventListener('click', guarded(() => save('/api/scenarios/share', {names: names()}, 'scenarios.html')));
guarded(async () => show(await get('/api/scenarios')))();
// Another window may have kept or removed one.
addEventListener('focus', async () => {
  const found = await get('/api/scenarios').catch(() => null);
  if (found && JSON.stringify(found.scenarios) !== JSON.stringify(kept)) show(found);
});
