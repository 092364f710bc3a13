// Files that are dropped: anywhere in the program, several at once, or a folder of them.
import {byId} from './dom.js';
import {upload} from './server.js';

const MOST = 64; // files of one drop

/** The files below an entry of a drop, those of folders with them; hidden ones are left out. */
async function below(entry, found) {
  if (found.length > MOST || entry.name.startsWith('.')) return;
  if (entry.isFile) { found.push(await new Promise((good, bad) => entry.file(good, bad))); return; }
  const reader = entry.createReader();
  for (;;) { // a reader gives a hundred at a time
    const some = await new Promise((good, bad) => reader.readEntries(good, bad));
    if (!some.length) return;
    for (const one of some) await below(one, found);
  }
}

async function files(transfer) {
  // What was dropped is there only while the event is handled: entries are taken before anything waits.
  const entries = [...transfer.items].map(one => one.webkitGetAsEntry?.()), plain = [...transfer.files];
  if (!entries.some(one => one?.isDirectory)) return plain;
  const found = [];
  for (const one of entries) if (one) await below(one, found);
  if (!found.length) throw new Error('There is no file in this folder.');
  if (found.length > MOST) throw new Error(`There are more than ${MOST} files in this folder: drop those of answers.`);
  return found;
}

/** In other rooms files are brought, and then seen where files are. */
async function elsewhere(given) {
  const faults = [];
  let plan = false, good = 0;
  for (const file of given) {
    try { plan = Boolean((await upload(file)).plan) || plan; good += 1; } catch (fault) { faults.push(fault.message); }
  }
  if (faults.length) fail(faults.join(' ')); else if (good) location.href = plan ? '/edit' : '/files';
}
let take = elsewhere, fail = text => { if (byId('problem')) byId('problem').textContent = text; };

/** What becomes of files that are dropped on this page. */
export function takes(given, failed) { take = given; fail = failed; }

const over = on => document.documentElement.classList.toggle('over', on);
const ofFiles = event => [...(event.dataTransfer?.types || [])].includes('Files');
for (const kind of ['dragenter', 'dragover']) addEventListener(kind, event => {
  if (!ofFiles(event)) return; // text that is dragged goes where it is dropped
  event.preventDefault();
  over(true);
});
addEventListener('dragleave', event => { if (!event.relatedTarget) over(false); });
addEventListener('drop', event => {
  over(false);
  if (!ofFiles(event)) return;
  event.preventDefault();
  files(event.dataTransfer).then(take).catch(fault => fail(fault.message || 'It could not be read.'));
});
