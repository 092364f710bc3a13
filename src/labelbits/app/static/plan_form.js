// The fields of a plan. They change copies of the plan's tables; keys they do not know stay.
import {choice, field, h, wholeSteps} from './dom.js';
import {signals} from './signal_fields.js';

/** A number that is typed or dragged; `slide` is [low, high, logarithmic?]. */
export function number(value, set, given = {}, slide = null) {
  const typed = h('input', {type: 'number', step: 'any', value: value ?? '', ...given});
  const range = slide && h('input', {type: 'range', tabIndex: 0, 'aria-label': `${given['aria-label'] || 'value'}, slider`});
  const [low, high, log] = slide || [];
  const at = x => (log ? Math.log10(x) : x);
  if (range) Object.assign(range, {min: at(low), max: at(high), step: log ? 0.01 : (high - low) / 100});
  const place = x => { if (range) range.value = Number(x) > 0 ? at(Number(x)) : range.min; };
  place(value ?? given.placeholder);
  typed.addEventListener('input', () => {
    if (typed.validity.badInput) return; // not a number yet
    const found = typed.value === '' ? undefined : Number(typed.value);
    place(found ?? given.placeholder);
    set(found);
  });
  if (!range) return typed;
  range.addEventListener('input', () => {
    const x = log ? Math.pow(10, Number(range.value)) : Number(range.value);
    const whole = given.step === 1 ? Math.round(x) : Number(x.toPrecision(3));
    typed.value = whole;
    set(whole);
  });
  if (given.step === 1) wholeSteps(range, {low, high, of: x => (log ? Math.pow(10, x) : x),
    value: () => Number(typed.value) || Math.round(log ? Math.pow(10, Number(range.value)) : Number(range.value)),
    to: x => { typed.value = x; place(x); set(x); }});
  return h('div', {className: 'pair-in'}, range, typed);
}

/** A field with a number, dragged and typed. */
export function numeric(label, value, set, {help = '', slide = null, ...given} = {}) {
  if (!slide) return field(label, number(value, set, given), help);
  // Beside a slider words have no room in the field itself.
  const words = typeof given.placeholder === 'string' && given.placeholder.length > 6 ? given.placeholder : '';
  if (words) help = [help, `left empty: ${words}`].filter(Boolean).join('; ');
  const control = number(value, set, {...given, placeholder: words ? '' : given.placeholder, 'aria-label': label}, slide);
  return h('div', {className: 'field', role: 'group', 'aria-label': label},
    h('span', {className: 'name'}, label), control, help ? h('small', {}, help) : null);
}

const set = (table, key, value) => {
  if (value === undefined || value === '' || (Array.isArray(value) && !value.length)) delete table[key];
  else table[key] = value;
};

/** The form's parts; `changed(tables, {anew, title})` is called with every change. */
export function form(tables, offered, changed) {
  const plan = structuredClone(tables);
  plan.dataset ||= {}; plan.budget ||= {}; plan.goal ||= {}; plan.signal ||= []; plan.learner ||= {};
  if (!Array.isArray(plan.signal)) plan.signal = [plan.signal];
  const tell = more => {
    const whole = structuredClone(plan);
    for (const name of ['goal', 'learner']) if (!Object.keys(whole[name]).length) delete whole[name];
    changed(whole, more);
  };
  const to = (table, key, more) => value => { set(table, key, value); tell(more); };
  return [
    fieldset('Plan', [field('Its name', h('input', {type: 'text', id: 'plan-title', value: offered.title || '',
      oninput: event => tell({title: event.target.value})}))]),
    fieldset('Items', dataset(plan.dataset, offered, to),
      [numeric('Most items that can be labelled', plan.dataset.most_items, to(plan.dataset, 'most_items'), {id: 'data-most', min: 1, step: 1, slide: [10, 1_000_000, true], help: 'left empty: as many as the money buys'})],
      given(plan.dataset, 'most_items')),
    fieldset('Goal', goal(plan.goal, offered, to),
      [numeric('Share of items to test on', plan.goal.test_fraction, to(plan.goal, 'test_fraction'), {id: 'goal-test', placeholder: 0.2, min: 0.01, max: 0.99, slide: [0.01, 0.9, false]})],
      given(plan.goal, 'test_fraction')),
    fieldset('Budget', ...budget(plan.budget, offered, to), given(plan.budget, 'spent', ...Object.keys(offered.words.costs))),
    h('fieldset', {}, h('legend', {}, 'Kinds of question'), signals(plan, offered, tell)),
    fieldset('Learner', learner(plan.learner, offered, to, tell)),
  ];
}

/** A group of fields; those that few plans need wait behind a click, unless one is filled. */
function fieldset(legend, fields, more = [], filled = false) {
  return h('fieldset', {}, h('legend', {}, legend), h('div', {className: 'fields'}, fields),
    more.length ? h('details', {open: filled}, h('summary', {}, 'More'), h('div', {className: 'fields'}, more)) : null);
}
const given = (table, ...keys) => keys.some(key => table[key] !== undefined);

const COLUMNS = {id: 'Column of ids', text: 'Column of texts', label: 'Column of labels', annotator: 'Column of who answered', seconds: 'Column of seconds', gold_column: 'Column of right classes'};

function dataset(data, {files}, to) {
  const text = (key, label, help) => field(label, h('input', {type: 'text', id: `data-${key}`, value: data[key] ?? '',
    list: undefined, oninput: event => to(data, key)(event.target.value)}), help);
  const named = use => files.filter(one => one.use === use && one.good).map(one => one.name).join(', ');
  const fields = [];
  const own = data.features !== undefined || data.table !== undefined;
  if (data.table !== undefined) {
    fields.push(text('table', 'Table of the items', 'its columns:'));
    for (const [key, label] of Object.entries(COLUMNS)) fields.push(text(key, label, ''));
  }
  if (!own) {
    fields.push(numeric('Items that may be labelled', data.items, to(data, 'items'), {id: 'data-items', min: 3, step: 1, slide: [10, 100_000, true]}));
    fields.push(numeric('Dimensions', data.dims === 'auto' ? undefined : data.dims, to(data, 'dims'), {id: 'data-dims', min: 1, step: 1, placeholder: 'auto', slide: [1, 20, false], help: 'of the space in which items lie apart; empty: chosen on comparisons, or a range is drawn'}));
  } else if (typeof data.features === 'string') fields.push(text('features', 'Features of the items', 'a file, or a column of the table'));
  fields.push(numeric('Classes', data.classes, to(data, 'classes'), {id: 'data-classes', min: 2, step: 1, slide: [2, 200, true]}));
  const pilot = [].concat(data.pilot ?? []);
  fields.push(field('Answers you have', h('textarea', {id: 'data-pilot', rows: Math.max(1, pilot.length), wrap: 'off', spellcheck: false, value: pilot.join('\n'),
    oninput: event => to(data, 'pilot')(event.target.value.split('\n').map(one => one.trim()).filter(Boolean))}),
    `files, a line each${named('answers') ? `; here: ${named('answers')}` : ''}`));
  if (own) for (const key of ['gold', 'counts'])
    fields.push(text(key, key === 'gold' ? 'Right classes (gold)' : 'Votes (counts)', named(key) ? `files here: ${named(key)}` : ''));
  return fields;
}

function goal(table, {words}, to) {
  const metrics = [['', 'as the data allow'], ...Object.entries(words.metrics).map(([name, one]) => [name, one.title])];
  const one = words.metrics[table.metric];
  return [
    field('What quality means', choice(metrics, table.metric ?? '', to(table, 'metric', {anew: true}), {id: 'goal-metric'}), one ? one.meaning : ''),
    numeric('Target', table.target, to(table, 'target'), {id: 'goal-target', slide: one && !one.percent ? null : [0.02, 1, false],
      help: `${one && one.percent ? 'from 0 to 1; ' : ''}left empty: the best for the budget`}),
  ];
}

function learner(table, {words}, to, tell) {
  const names = Object.keys(words.learners);
  const now = words.learners[table.kind ?? names[0]];
  const fields = [field('What learns from the answers', choice(names.map(name => [name, words.learners[name].words]), table.kind ?? names[0], kind => {
    for (const key of Object.keys(table)) delete table[key];
    if (kind !== names[0]) table.kind = kind;
    tell({anew: true});
  }, {id: 'learner-kind'}), now === words.learners[names[0]] ? '' : `measured beside ${words.learners[names[0]].words}`)];
  for (const [key, option] of Object.entries(now ? now.options : {})) {
    const label = key[0].toUpperCase() + key.slice(1).replaceAll('_', ' ');
    if (!Array.isArray(option.default)) fields.push(numeric(label, table[key], to(table, key), {id: `learner-${key}`, placeholder: option.default, help: option.help}));
    else fields.push(field(label, h('input', {type: 'text', id: `learner-${key}`, value: [].concat(table[key] ?? []).join(', '), placeholder: option.default.join(', '),
      oninput: event => to(table, key)(event.target.value.split(/[\s,]+/).filter(Boolean).map(Number).filter(Number.isFinite))}), option.help));
  }
  return fields;
}

function budget(table, {words}, to) {
  const money = (key, label, more = {}) => numeric(label, table[key], to(table, key), {id: `budget-${key}`, min: 0, ...more});
  return [[
    money('amount', 'Amount', {slide: [1, 100_000, true]}),
    field('Currency', h('input', {type: 'text', id: 'budget-currency', value: table.currency ?? 'USD', maxLength: 8, oninput: event => to(table, 'currency')(event.target.value)})),
    money('wage_per_hour', 'Wage for an hour', {placeholder: 12, slide: [1, 200, true], help: 'turns seconds into money'}),
  ], [
    money('spent', 'Spent already', {slide: [1, 100_000, true]}),
    ...Object.entries(words.costs).map(([key, {title, unit}]) => money(key, title[0].toUpperCase() + title.slice(1) + (unit ? ` (${unit})` : ''), {slide: unit ? [1, 3600, true] : [0.001, 10, true]})),
  ]];
}
