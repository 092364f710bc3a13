// The start: files that come, what they say, and the way to a plan.
/* global whole */
import {byId, h} from './dom.js';
import {put} from './fragments.js';
import {card} from './file_card.js';
import {Latest} from './latest.js';
import {follow, get, post, upload} from './server.js';

let offered = {}, measuring = 0;

const say = text => { byId('problem').textContent = text; };
const guarded = work => async (...given) => {
  say('');
  try { await work(...given); } catch (fault) { say(fault.message); }
};

function show(found) {
  offered = {...offered, ...found};
  // A card whose file is being read again stays as it is until that is done.
  byId('files').replaceChildren(...found.files.map(one =>
    (readings.get(one.number)?.latest.busy && byId(`file-${one.number}`)) || card(one, offered, change, remove)));
  byId('measured').hidden = !found.files.some(one => one.answers);
  if (!byId('measured').hidden && !found.pilot) measure().catch(fault => tell(fault.message, true));
}

// Of what is said about one file the last counts: it is sent after what is on its way.
const readings = new Map();
function change(number, told) {
  if (!readings.has(number)) readings.set(number, {told});
  const one = readings.get(number);
  one.told = told;
  one.latest ||= new Latest(() => post(`/api/files/${number}`, one.told), async found => {
    say('');
    byId(`file-${number}`)?.replaceWith(card(found, offered, change, remove));
    byId(`file-${number}`)?.focus();
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
  const found = await get('/api/files');
  if (anew) found.pilot = null;
  show(found);
  if (!anew && found.pilot) watch().catch(fault => tell(fault.message, true));
}

const tell = (text, fault = false) => {
  byId('state').textContent = whole(text);
  byId('state').classList.toggle('fault', fault);
};

async function measure() {
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

byId('chosen').addEventListener('change', event => bring([...event.target.files]));
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

const drop = byId('drop');
for (const kind of ['dragenter', 'dragover']) addEventListener(kind, event => {
  event.preventDefault();
  drop.classList.add('over');
});
for (const kind of ['dragleave', 'drop']) addEventListener(kind, event => {
  event.preventDefault();
  drop.classList.remove('over');
});
addEventListener('drop', event => {
  const folders = [...event.dataTransfer.items].map(one => one.webkitGetAsEntry?.()).filter(one => one?.isDirectory).map(one => one.name);
  const files = [...event.dataTransfer.files].filter(one => !folders.includes(one.name));
  bring(files).then(() => { if (folders.length) say(`${folders.join(', ')} is a folder: drop the files in it.`); });
});

guarded(refresh)(false);
