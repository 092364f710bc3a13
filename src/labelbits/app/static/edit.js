// The plan as a form and as a file: both are the same, whichever is changed.
/* global whole */
import {byId, h} from './dom.js';
import {put} from './fragments.js';
import {form} from './plan_form.js';
import {Latest} from './latest.js';
import {follow, get, keep, post} from './server.js';

let draft = {}, words = {}, files = [];

const say = fault => { byId('problem').textContent = fault ? fault.message : ''; };

function show(found, redraw) {
  draft = found;
  byId('empty').hidden = Boolean(found.text.trim());
  byId('form').hidden = !found.tables;
  if (document.activeElement !== byId('text')) byId('text').value = found.text;
  byId('text-problem').textContent = found.tables ? '' : found.problem;
  byId('valid').replaceChildren(found.tables && found.problem ? found.problem : '', ...(found.unpriced || []).slice(0, 1).map(i =>
    h('button', {type: 'button', className: 'link', onclick: () => byId(`signal-${i}-pay`)?.focus()}, 'Show where')));
  byId('run').disabled = !found.text.trim() || Boolean(found.problem);
  byId('notes').textContent = found.notes.join(' ');
  if (redraw && found.tables) drawForm();
  if (!typing) byId('form').inert = false;
}

function drawForm() {
  const at = document.activeElement?.id, within = byId('form').contains(document.activeElement);
  byId('form').replaceChildren(...form(draft.tables, {words, files, title: draft.title, unpriced: draft.unpriced}, changed));
  // What was removed has taken its button with it: the hand goes on at what adds one.
  ((at && byId(at)) || (within && byId('signal-add')))?.focus?.();
}

// What is typed last is what counts: an answer about an older plan is dropped.
let wanted = {}, redraw = false;
const sending = new Latest(async () => post('/api/draft', wanted), found => {
  say(null);
  show(found, redraw);
}, say);

/** The form changed: `anew` where its fields change too. */
function changed(tables, {anew = false, title} = {}) {
  wanted = {tables, title: title ?? draft.title};
  redraw = anew;
  draft.tables = tables;
  if (title !== undefined) draft.title = title;
  sending.ask();
}

let typing = 0;
function typed() {
  clearTimeout(typing);
  typing = 0;
  wanted = {text: byId('text').value, title: draft.title};
  redraw = true;
  return sending.ask();
}
byId('text').addEventListener('input', () => {
  byId('form').inert = true; // it is of an older plan until the text has been read
  clearTimeout(typing);
  typing = setTimeout(typed, 350);
});
/** What was typed last has arrived: what is done next is done with it. */
const arrived = () => (typing ? typed() : sending.done);
addEventListener('pagehide', () => { if (typing) navigator.sendBeacon('/api/draft', new Blob([JSON.stringify({text: byId('text').value, title: draft.title})], {type: 'application/json'})); });
/** The plan file to take away: it names its files in full. */
const kept = () => arrived().then(() => post('/api/draft/kept', {text: draft.text}));
byId('copy').addEventListener('click', async () => {
  try { await navigator.clipboard.writeText((await kept()).text); byId('copied').textContent = 'Copied.'; } catch {
    byId('text').select();
    byId('copied').textContent = 'Selected: copy it with the keyboard.';
  }
});
byId('download').addEventListener('click', async () => {
  try {
    const found = await kept();
    keep(new Blob([found.text], {type: 'application/toml'}), `${found.title || 'plan'}.toml`);
    say(null);
  } catch (fault) { say(fault); }
});
byId('open').addEventListener('change', async event => {
  const [file] = event.target.files;
  if (!file) return;
  try {
    const found = await post('/api/draft', {text: await file.text(), title: file.name.replace(/\.toml$/, '')});
    say(null);
    byId('text').blur();
    show(found, true);
  } catch (fault) { say(fault); }
  event.target.value = '';
});
byId('example').addEventListener('click', async () => {
  try { show(await post('/api/example'), true); } catch (fault) { say(fault); }
});

function progress(job) {
  byId('run-box').hidden = job.state === 'none';
  const left = job.left ? `, about ${job.left < 90 ? `${Math.ceil(job.left)} s` : `${Math.round(job.left / 60)} min`} left` : '';
  const states = {running: `${job.what}: ${Math.round(100 * job.share)} % done${left}`, done: 'Done.',
    cancelled: 'Cancelled: there is no plan. What was known by then stays here.', problem: job.problem};
  byId('run-state').textContent = states[job.state] || '';
  byId('run-state').classList.toggle('fault', job.state === 'problem');
  byId('run-share').hidden = byId('cancel').hidden = job.state !== 'running';
  byId('run-share').value = job.share || 0;
  const {prices = [], found = []} = job.early || {}, from = `${prices.length} ${found.length}`;
  if (byId('known').dataset.from === from) return;
  byId('known').dataset.from = from;
  byId('known').replaceChildren(...prices.length + found.length ? [h('p', {className: 'quiet'}, 'Known already:'), h('ul', {},
    prices.map(one => h('li', {}, h('bdi', {}, one.family), `: ${one.price} for one answer (${one.source}); the budget buys at most ${one.most} answers`)),
    found.map(text => h('li', {}, h('bdi', {}, whole(text)))))] : []);
}

async function watch() {
  if ((await get('/api/files')).pilot?.state === 'done' && !byId('run-box').querySelector('.pilot-known')) {
    const pilot = await get('/api/pilot');
    const inside = h('div');
    byId('run-box').append(h('details', {className: 'pilot-known', ontoggle: () => { if (!inside.childNodes.length) put(inside, pilot.html); }},
      h('summary', {}, 'What the pilot says, while you wait'), inside));
  }
  byId('run').disabled = true;
  const done = await follow('/api/run', 400, progress);
  byId('run').disabled = Boolean(draft.problem);
  if (done.state === 'done') location.href = `/result?run=${done.run}`;
}

byId('run').addEventListener('click', async () => {
  try {
    byId('known').dataset.from = '';
    byId('known').replaceChildren();
    await arrived();
    progress(await post('/api/run'));
    say(null);
    byId('run-box').scrollIntoView({block: 'nearest'});
    byId('cancel').focus(); // the button that was pressed waits until the run is over
    await watch();
    if (document.activeElement === document.body) byId('run').focus();
  } catch (fault) { say(fault); }
});
byId('cancel').addEventListener('click', async () => {
  try { progress(await post('/api/cancel')); byId('run').focus(); } catch (fault) { say(fault); }
});
byId('form').addEventListener('submit', event => event.preventDefault());
// Another window may have changed the plan: who comes back to this one sees it as it is.
addEventListener('focus', async () => {
  if (typing || sending.busy || !draft.notes) return;
  const found = await get('/api/draft').catch(() => draft);
  if (typing || sending.busy || found.text === draft.text) return;
  if (found.files) files = found.files;
  byId('text').value = found.text;
  show(found, true);
});

try {
  const found = await get('/api/draft');
  ({words, files} = found);
  show(found, true);
  const job = await get('/api/run');
  if (job.state === 'running') await watch();
  else if (job.current && job.state !== 'done') progress(job);
} catch (fault) { say(fault); }
