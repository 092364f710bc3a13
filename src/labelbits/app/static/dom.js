// Elements without markup: every text is text.
export const byId = name => document.getElementById(name);

/** An element: properties and attributes from `given`, then its children (text or elements). */
export function h(kind, given = {}, ...children) {
  const made = document.createElement(kind);
  for (const [key, value] of Object.entries(given)) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith('on')) made.addEventListener(key.slice(2), value);
    else if (key in made && !key.includes('-') && key !== 'list' && key !== 'form') made[key] = value;
    else made.setAttribute(key, value === true ? '' : value);
  }
  made.append(...children.flat().filter(one => one !== null && one !== undefined && one !== false));
  return made;
}

/** A table of texts; on a phone its rows become blocks of labelled numbers. */
export function table(head, rows, kind = 'words', caption = '') {
  return h('div', {className: 'scroll', tabIndex: 0, role: 'group', 'aria-label': caption || head.join(', ')},
    h('table', {className: kind, role: 'table'},
      h('thead', {role: 'rowgroup'}, h('tr', {role: 'row'},
        head.map(name => h('th', {role: 'columnheader', scope: 'col'}, name)))),
      h('tbody', {role: 'rowgroup'}, rows.map(row => h('tr', {role: 'row'},
        row.map((cell, i) => h('td', {role: 'cell', 'data-label': head[i]}, cell)))))));
}

let count = 0;
/** A name for an element that a label or a description refers to. */
export const unique = stem => `${stem}-${++count}`;

/** A label above a control. */
export function field(label, control, help = '') {
  control.id ||= unique('field');
  const told = help ? h('small', {id: `${control.id}-help`}, help) : null;
  if (told) control.setAttribute('aria-describedby', told.id);
  return h('div', {className: 'field'}, h('label', {htmlFor: control.id}, label), control, told);
}

/** A list to choose from: `options` are [value, text]. */
export function choice(options, value, onchange, given = {}) {
  const made = h('select', {...given, onchange: event => onchange(event.target.value)},
    options.map(([key, text]) => h('option', {value: key}, text)));
  made.value = value;
  return made;
}

/** A slider of whole numbers on a scale of its own: an arrow key moves it by one at least.
 *
 * `value()` is the number now, `of(place)` the number at a place of the slider, `to(number)` moves there. */
export function wholeSteps(range, {low, high, value, of, to}) {
  const ways = {ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1};
  range.addEventListener('keydown', event => {
    const way = ways[event.key];
    if (!way || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    const now = value(), next = Math.round(of(Number(range.value) + way * Number(range.step)));
    to(Math.min(high, Math.max(low, way * (next - now) > 0 ? next : now + way)));
  });
}
