// One file: how it was read, and what can be said to correct it.
/* global whole */
import {choice, field, h, table} from './dom.js';

const many = (count, what) => `${count.toLocaleString('en')} ${what}${count === 1 ? '' : 's'}`;

const USES = {answers: 'Answers', gold: 'Right classes (gold)', features: 'Features of the items', counts: 'Counts of votes'};

function headline(one) {
  if (one.reading) return `It is being read (${one.reading.toFixed(0)} s) …`;
  if (one.use !== 'answers') return [USES[one.use], ...one.arrays].join('; ');
  if (one.questions.length) return '';
  if (one.problem) return one.short || 'This file could not be read yet.';
  return one.given;
}

/** The card of a file; `change(number, told)` reads it again, `remove(number)` forgets it. */
export function card(one, offered, change, remove) {
  // What is said counts from now on, also for what is said before the file was read again.
  const say = changes => change(one.number, Object.assign(one.told, changes));
  const good = (one.use !== 'answers' || !one.problem) && !one.reading;
  return h('article', {className: `file ${good ? 'good' : 'bad'}`, id: `file-${one.number}`, tabIndex: -1, 'aria-label': one.name},
    h('header', {}, h('h2', {}, h('bdi', {}, one.name)),
      h('button', {type: 'button', className: 'quiet', onclick: () => remove(one.number), 'aria-label': `Remove ${one.name}`}, 'Remove')),
    headline(one) ? h('p', {className: 'headline'}, whole(headline(one))) : null,
    one.problem && !one.questions.length ? fault(one) : null,
    one.questions.length ? question(one, say) : null,
    one.table && one.use === 'answers' ? columns(one, offered, say) : null,
    one.reading ? null : corrections(one, offered, say),
    one.lost_count ? lost(one) : null,
    one.notes.length ? h('details', {className: 'notes'}, h('summary', {}, `${many(one.notes.length, 'note')} on how it was read`),
      h('ul', {}, one.notes.map(note => h('li', {}, whole(note))))) : null);
}

/** What is wrong; where a short word says it, the whole message waits behind a click. */
function fault(one) {
  const said = h('p', {className: 'fault'}, whole(one.problem));
  return one.short ? h('details', {className: 'message'}, h('summary', {}, 'The whole message'), said) : said;
}

function question(one, say) {
  const names = [['', 'choose …'], ...one.questions.map(name => [name, name || '(no name)'])];
  return field('This file holds answers to several questions. Which one?', choice(names, '', name => say({question: name})));
}

/** First rows, with a choice above each column: what it is. */
function columns(one, offered, say) {
  // What is told grows while the file is read again: it is looked up anew each time.
  const known = () => ({...one.guess, ...one.told.columns});
  const role = name => Object.keys(known()).find(key => known()[key] === name && (one.told.columns[key] || one.by_columns || !one.format)) || '';
  // A format of a program's own says itself which column is what, until somebody says otherwise.
  const fixed = one.format && !one.by_columns && !Object.keys(one.told.columns).length;
  const roles = [['', fixed ? `as ${one.format} has it` : 'not used'], ...Object.entries(offered.roles), ['text', 'text of the item']];
  const at = name => (one.told.text && one.told.text === name ? 'text' : role(name));
  const pick = (name, key) => {
    const columns = {...(Object.keys(one.told.columns).length || one.by_columns || !one.format ? known() : {})};
    for (const other of Object.keys(columns)) if (columns[other] === name || other === key) delete columns[other];
    if (key && key !== 'text') columns[key] = name;
    say({columns, format: 'auto', text: key === 'text' ? name : one.told.text === name ? '' : one.told.text});
  };
  const head = one.names.map((name, i) => h('th', {scope: 'col'}, h('bdi', {}, one.columns[i] || '(no name)'),
    name && choice(roles, at(name), key => pick(name, key), {'aria-label': `What is the column ${one.columns[i] || i + 1}?`})));
  const body = one.rows.map(row => h('tr', {}, row.map(cell => h('td', {}, h('bdi', {}, cell)))));
  return h('details', {open: Boolean(one.problem) && !one.questions.length, className: 'columns'},
    h('summary', {}, 'Columns and first rows: is each what it seems?'),
    h('div', {className: 'scroll', tabIndex: 0, role: 'group', 'aria-label': `First rows of ${one.name}`},
      h('table', {className: 'raw'}, h('thead', {}, h('tr', {}, head)), h('tbody', {}, body))));
}

function corrections(one, offered, say) {
  const use = field('What it is', choice(Object.entries(USES), one.use, value => say({use: value})));
  if (one.use !== 'answers') return h('details', {className: 'how'}, h('summary', {}, 'Is it something else?'), use);
  const formats = [['auto', one.told.format === 'auto' && one.format ? `${one.format} (recognised)` : 'find out'],
    ...offered.formats.map(name => [name, name])];
  const kinds = [['', one.signals.length ? `${one.signals.map(([name]) => name).join(', ')} (as read)` : 'as read'],
    ...offered.kinds.map(name => [name, name])];
  const rest = [use, field('Format', choice(formats, one.told.format, format => say({format, columns: {}})), one.what),
    field('Kind of question', choice(kinds, one.told.signal, signal => say({signal})))];
  const typed = (key, label, help) => field(label, h('input', {type: 'text', value: one.told[key], maxLength: 200, spellcheck: false, onchange: event => say({[key]: event.target.value.trim()})}), help);
  if (!one.questions.length && !one.told.question) rest.push(typed('question', 'Question', 'its name, where a file holds several'));
  if (/\.(xlsx?|xlsm|xlsb|ods)$/i.test(one.name)) rest.push(typed('sheet', 'Sheet', 'its name, where a file holds several; empty: the first with cells'));
  const inside = [h('div', {className: 'fields'}, rest)];
  if (one.told.question) inside.push(h('p', {}, `Question: ${one.told.question} `,
    h('button', {type: 'button', className: 'link', onclick: () => say({question: ''})}, 'choose another')));
  if (one.read && one.read.length) inside.push(table(['annotator', 'items', 'answer'], one.read, 'words', 'First answers as they were read'));
  // Each name is a text of its own: one that runs from the right turns no other.
  if (one.class_count) inside.push(h('p', {}, `${one.class_count.toLocaleString('en')} ${one.class_count === 1 ? 'class' : 'classes'}: `,
    one.classes.flatMap((name, i) => [i ? ', ' : '', h('bdi', {}, name)]), one.class_count > one.classes.length ? ' …' : ''));
  const open = Boolean(one.problem) && !one.questions.length && !one.table;
  return h('details', {open, className: 'how'}, h('summary', {}, one.format ? `Read as ${one.format}` : 'Say how to read it'), inside);
}

function lost(one) {
  return h('details', {className: 'lost'}, h('summary', {}, `${many(one.lost_count, 'row')} left out, with the reasons`),
    table(['row', 'why', 'found'], one.lost, 'words', 'Rows that were left out'),
    one.lost_count > one.lost.length ? h('p', {}, `The first ${one.lost.length} are shown.`) : null);
}
