// One option: what would be bought for how much, at which size, and its tasks.
import {choice, field, h} from './dom.js';
import {save} from './server.js';

export function open(place, found, {asked, resize, shut, fault}) {
  if (!found || found instanceof Error) { if (found) fault(found); close(place); return; }
  const sizes = [...new Set([...found.sizes, found.answers])].filter(Boolean).sort((a, b) => a - b)
    .map(count => [String(count), `${count.toLocaleString('en')} answers`]);
  const saving = h('button', {type: 'button', className: 'primary', onclick: async () => {
    saving.disabled = true;
    try { await save('/api/tasks', {...asked(), family: found.key, answers: found.answers}, `tasks-${found.family.replace(/^what is /, '').replace(/[^A-Za-z0-9]+/g, '-')}.zip`); fault(null); }
    catch (problem) { fault(problem); }
    saving.disabled = false;
  }}, 'Export its tasks (Label Studio)');
  place.replaceChildren(...[
    h('header', {}, h('h2', {}, 'If you buy ', h('bdi', {}, found.family)),
      h('button', {type: 'button', className: 'quiet', onclick: shut}, 'Close')),
    sizes.length > 1 ? field('Size', choice(sizes, String(found.answers), count => resize(Number(count)))) : null,
    h('dl', {}, found.lines.map(([what, text]) => h('div', {}, h('dt', {}, what), h('dd', {}, text)))),
    h('p', {}, saving)].filter(Boolean));
  place.hidden = false;
}

export function close(place) {
  place.hidden = true;
  place.replaceChildren();
}
