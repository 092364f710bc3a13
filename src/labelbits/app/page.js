'use strict';
const byId = name => document.getElementById(name);
const read = name => JSON.parse(byId(name).textContent);
const columns = Object.entries(read('columns'));
const inputs = [...document.querySelectorAll('input[type=range]')];

function element(kind, text) {
  const made = document.createElement(kind);
  made.textContent = text;
  return made;
}

function show(state) {
  byId('sentence').textContent = whole(state.sentence);
  state.tradeoff.layout.font.color = ink();
  Plotly.react('tradeoff', state.tradeoff.data, narrow(state.tradeoff.layout), settings());
  byId('rows').replaceChildren(...state.rows.map(row => {
    const line = document.createElement('tr');
    line.setAttribute('role', 'row');
    if (row.family === state.recommended) line.className = 'strong';
    columns.forEach(([key, heading]) => {
      const cell = element('td', row[key]);
      cell.setAttribute('role', 'cell');
      cell.dataset.label = heading;
      line.append(cell);
    });
    return line;
  }));
  byId('warnings').replaceChildren(...state.warnings.map(text => element('li', whole(text))));
  byId('doubts').hidden = state.warnings.length === 0;
}

const value = input => Number(input.dataset.base) * Math.pow(10, Number(input.value));

function asked() {
  const prices = {};
  let amount = 0;
  for (const input of inputs) {
    if (input.dataset.kind === 'budget') amount = value(input);
    else if (Number(input.value) !== 0) prices[input.dataset.name] = value(input);
  }
  return JSON.stringify({amount, prices});
}

function wait(waiting) {
  for (const name of ['verdict', 'rows', 'tradeoff']) {
    byId(name).classList.toggle('waiting', waiting);
    byId(name).setAttribute('aria-busy', String(waiting));
  }
}

let busy = false, again = false;
async function update() {
  for (const input of inputs)
    input.parentElement.querySelector('output').textContent = value(input).toPrecision(3);
  wait(true);
  if (busy) { again = true; return; }
  busy = true;
  do {
    again = false;
    try {
      const answer = await fetch('/replan', {
        method: 'POST', body: asked(), headers: {'content-type': 'application/json'}});
      const state = await answer.json();
      if (!again) {
        byId('problem').textContent = answer.ok ? '' : state.error;
        if (answer.ok) { show(state); wait(false); }
      }
    } catch (error) {
      byId('problem').textContent = 'The program has stopped; start it again.';
    }
  } while (again);
  busy = false;
}

inputs.forEach(input => input.addEventListener('input', update));
byId('reset').addEventListener('click', () => {
  inputs.forEach(input => { input.value = 0; });
  update();
});
show(read('first'));
plots.push('tradeoff');
