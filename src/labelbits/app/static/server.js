// Asking the program: JSON in, JSON out, one message for what went wrong.
export class Fault extends Error {}

async function read(answer) {
  let found;
  try { found = await answer.json(); } catch { found = {}; }
  if (!answer.ok) throw new Fault(found.error || `The program answered ${answer.status}.`);
  return found;
}

async function reach(path, options) {
  try { return await fetch(path, options); } catch (fault) {
    if (fault.name === 'AbortError') throw fault;
    throw new Fault(await fetch('/script.js').then(() => LOST, () => 'The program has stopped; start it again.'));
  }
}
const LOST = 'It could not be sent whole: was the file moved, or is it a folder? Try again.';

export const get = async path => read(await reach(path));

export const post = async (path, given = {}, signal = undefined) => read(await reach(path, {
  method: 'POST', body: JSON.stringify(given), signal, headers: {'content-type': 'application/json'}}));

export const upload = async file => read(await reach(`/api/upload?name=${encodeURIComponent(file.name.toWellFormed?.() ?? file.name)}`, {
  method: 'POST', body: file, headers: {'content-type': 'application/octet-stream'}}));

/** A file of the program's, saved by the browser under `name`. */
export async function save(path, given, name) {
  const answer = await reach(path, {
    method: 'POST', body: JSON.stringify(given), headers: {'content-type': 'application/json'}});
  if (!answer.ok) await read(answer);
  keep(await answer.blob(), name);
}

export function keep(content, name) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(content);
  link.download = name;
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/** Ask again every `pause` ms until `done` says so; returns the last answer. */
export async function follow(path, pause, each) {
  for (;;) {
    const found = await get(path);
    each(found);
    if (found.state !== 'running') return found;
    await new Promise(go => setTimeout(go, pause));
  }
}
