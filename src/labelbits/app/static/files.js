// The start: files that come, what they say, and the way to a plan.
/* global whole */
import {byId} from './dom.js';
import {takes} from './drop.js';
import {clear, put} from './fragments.js';
import {card} from './file_card.js';
import {Latest} from './latest.js';
import {follow, get, post, upload} from './server.js';

let offered = {}, measuring = 0;
// Were files brought, corrected or removed since they were measured?
let stale = false, again = 0;

const say = text => { byId('problem').textContent = text; };
const guarded = work => async (...given) => {
  say('');
  try { await work(...given); } catch (fault) { say(fault.message); }
};

function show(found) {
  offered = {...offered, ...found};
  place(found.files.map(one =>
    (readings.get(one.number)?.latest.busy && byId(`file-${one.number}`)) || cardOf(one)));
  byId('measured').hidden = !found.files.some(one => one.answers);
  const busy = found.files.some(one => one.reading);
  clearTimeout(again);
  if (busy) again = setTimeout(() => refresh(false).catch(fault => say(fault.message)), 700);
  if (stale) { // what was measured is of other files
    measuring += 1;
    byId('plan').disabled = true;
    byId('pilot').classList.add('waiting');
    tell(busy ? 'Waiting until every file is read …' : '');
  }
  if (busy || byId('measured').hidden) return;
  if (stale || !found.pilot) measure().catch(fault => tell(fault.message, true));
  else watch().catch(fault => tell(fault.message, true));
}

// A card stays as it is, with what is open in it and with the focus, until something else is known of
// its file; one whose file is being read again stays until that is done.
const cards = new Map();
function cardOf(one) {
  const text = JSON.stringify(one), known = cards.get(one.number);
  if (known?.text !== text) {
    const made = card(one, offered, change, remove);
    // What somebody opened to look at or to correct stays open.
    known?.made.querySelectorAll('details[open]').forEach(part => {
      const again = made.querySelector(`details.${part.className.split(' ')[0]}`);
      if (again) again.open = true;
    });
    cards.set(one.number, {text, made});
  }
  return cards.get(one.number).made;
}
function place(wanted) {
  const list = byId('files');
  [...list.children].filter(one => !wanted.includes(one)).forEach(one => one.remove());
  wanted.forEach((one, i) => { if (list.children[i] !== one) list.insertBefore(one, list.children[i] || null); });
}

// Of what is said about one file the last counts: it is sent after what is on its way.
const readings = new Map();
function change(number, told) {
  if (!readings.has(number)) readings.set(number, {told});
  const one = readings.get(number);
  one.told = told;
  one.latest ||= new Latest(() => post(`/api/files/${number}`, one.told), async found => {
    say('');
    const here = byId(`file-${number}`), at = here?.contains(document.activeElement) && document.activeElement.getAttribute('aria-label');
    const named = document.activeElement?.labels?.[0]?.textContent;
    const made = cardOf(found);
    here?.replaceWith(made);
    // The hand stays where it was: at the same column, or at the same choice.
    const same = [...made.querySelectorAll('select, input, button')].find(one => (at && one.getAttribute('aria-label') === at) || (named && one.labels?.[0]?.textContent === named));
    (same?.checkVisibility() ? same : made).focus();
    await refresh(true).catch(fault => say(fault.message));
  }, fault => say(fault.message));
  one.latest.ask();
}

const remove = guarded(async number => {
  await post(`/api/files/${number}/remove`);
  await refresh(true);
  byId('chosen').focus();
});

async function refresh(anew) {
  stale ||= anew;
  show(await get('/api/files'));
}

const tell = (text, fault = false) => {
  byId('state').textContent = whole(text);
  byId('state').classList.toggle('fault', fault);
};

async function measure() {
  stale = false;
  try { await post('/api/pilot'); } catch (fault) { say(fault.message); return; }
  await watch();
}

async function watch() {
  const mine = ++measuring;
  byId('plan').disabled = true;
  byId('pilot').classList.add('waiting');
  const done = await follow('/api/pilot', 500, found => {
    if (mine === measuring) tell(found.state === 'running' ? `Measuring: ${found.what} (${found.seconds.toFixed(0)} s)` : '');
  });
  if (mine !== measuring || done.state === 'cancelled') return;
  byId('pilot').classList.remove('waiting');
  if (done.state === 'problem') {
    tell(done.problem, true);
    clear(byId('pilot'));
    byId('pilot').replaceChildren();
    return;
  }
  put(byId('pilot'), done.html);
  if (done.unplanned) tell(`No plan can be made from these answers: ${done.unplanned}`, true);
  byId('plan').disabled = Boolean(done.unplanned);
}

const bring = guarded(async files => {
  const faults = [];
  for (const file of files) {
    byId('reading').textContent = `Reading ${file.name} …`;
    try {
      if (file.size > offered.largest) throw new Error(`${file.name}: above ${offered.largest.toLocaleString('en')} bytes, the most that is uploaded; give its path on this machine instead.`);
      const one = await upload(file);
      if (one.plan) { location.href = '/edit'; return; }
    } catch (fault) { faults.push(fault.message); }
  }
  byId('reading').textContent = '';
  say(faults.join(' '));
  if (files.length) await refresh(true);
});

byId('chosen').addEventListener('change', event => {
  const files = [...event.target.files];
  event.target.value = ''; // the same file may be chosen again
  bring(files);
});
byId('by-path').addEventListener('submit', guarded(async event => {
  event.preventDefault();
  const one = await post('/api/here', {path: byId('path').value});
  if (one.plan) { location.href = '/edit'; return; }
  byId('path').value = '';
  await refresh(true);
}));
byId('example').addEventListener('click', guarded(async () => {
  await post('/api/example');
  location.href = '/edit';
}));
byId('plan').addEventListener('click', async () => {
  try {
    await post('/api/draft/first');
    location.href = '/edit';
  } catch (fault) { tell(fault.message, true); }
});

takes(bring, say);

guarded(refresh)(false);
