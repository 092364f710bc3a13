// Kinds of question: what is asked, of whom, how often, at what price.
import {choice, field, h} from './dom.js';
import {numeric} from './plan_form.js';

/** What each single answer is about: several answers in one are answers to one question. */
let kinds = {};
const asked = one => kinds[one.kind]?.several_of || one.kind;
const who = one => one.model || one.annotators || 'crowd';
const PAY = ['price', 'seconds', 'input_tokens', 'output_tokens', 'input_price', 'output_price'];
// Questions whose price is set apart from the other's, by the user's own word: they stand in the address.
const apart = new Set(new URLSearchParams(location.search).getAll('apart'));
function written() {
  const found = new URLSearchParams([...apart].map(key => ['apart', key]));
  history.replaceState(null, '', apart.size ? `/edit?${found}` : '/edit');
}

/** A vote and a hard label are one question to the same people: they share a price unless parted. */
const mates = (plan, one) => plan.signal.filter(other => other !== one && asked(other) === asked(one) && who(other) === who(one));
const same = (a, b) => PAY.every(key => a[key] === b[key]);

/** The kind of those who answer: by the key that names one of them, else by `annotators`; names of their own are the last kind's. */
const kindOf = (people, one) => people.find(kind => kind.named && kind.named.key !== 'annotators' && one[kind.named.key])
  || people.find(kind => kind.name === (one.annotators || people[0].name)) || people.find(kind => kind.named && kind.named.key === 'annotators');

export function signals(plan, offered, tell) {
  kinds = offered.words.kinds;
  const cards = plan.signal.map((one, i) => card(plan, one, i, offered, tell));
  const more = h('button', {type: 'button', id: 'signal-add', onclick: () => {
    const used = new Set(plan.signal.map(one => one.kind));
    const kind = Object.keys(offered.words.kinds).find(name => !used.has(name)) || 'hard';
    plan.signal.push({kind});
    tell({anew: true});
  }}, 'Add a kind of question');
  return h('div', {}, cards, more);
}

function card(plan, one, i, {words, unpriced = []}, tell) {
  const known = words.kinds[one.kind];
  const names = Object.entries(words.kinds).map(([name, about]) => [name, `${name}: ${about.about}`]);
  if (!known) names.unshift([one.kind, `${one.kind} (unknown)`]);
  const to = (key, more) => value => {
    if (value === undefined || value === '') delete one[key]; else one[key] = value;
    tell(more);
  };
  const id = `signal-${i}`;
  const people = words.annotators;
  const those = kindOf(people, one);
  const fields = [
    field('Kind', choice(names, one.kind, kind => {
      for (const key of Object.keys(known ? known.options : {})) delete one[key];
      one.kind = kind;
      tell({anew: true});
    }, {id: `${id}-kind`})),
    field('Who answers', choice(people.map(each => [each.name, each.title]), those.name, name => {
      for (const each of people) if (each.named) delete one[each.named.key];
      if (name === people[0].name) delete one.annotators; else one.annotators = name;
      tell({anew: true});
    }, {id: `${id}-who`})),
  ];
  if (those.named) fields.push(field(those.named.label, h('input', {type: 'text', id: `${id}-${those.named.key}`, value: one[those.named.key] ?? '', maxLength: 40,
    oninput: event => to(those.named.key)(event.target.value || (those.named.key === 'annotators' ? those.name : undefined))}), those.named.help));
  fields.push(numeric('Answers an item', one.answers_per_item, to('answers_per_item'), {id: `${id}-each`, min: 1, step: 1, slide: [1, 100, true], placeholder: known && known.several_of ? 'several are tried' : 'as fits'}));
  for (const [key, option] of Object.entries(known ? known.options : {})) if (key !== 'answers_per_item') fields.push(own(one, key, option, id, to));
  fields.push(numeric('Random answers (lapse)', one.lapse, to('lapse'), {id: `${id}-lapse`, min: 0, max: 0.99, slide: [0, 0.9, false], placeholder: 'from the answers you have'}));
  return h('article', {className: unpriced.includes(i) ? 'signal fault' : 'signal', 'aria-label': `Kind of question ${i + 1}: ${one.kind}`},
    h('header', {}, h('h2', {}, one.kind), h('button', {type: 'button', className: 'quiet', 'aria-label': `Remove ${one.kind}`, onclick: () => { plan.signal.splice(i, 1); tell({anew: true}); }}, 'Remove')),
    h('div', {className: 'fields'}, fields, payment(plan, one, id, those, known, tell)));
}

function own(one, key, option, id, to) {
  const label = key.replaceAll('_', ' ');
  if (typeof option.default === 'boolean') return field(label, choice([['', `as usual (${option.default ? 'yes' : 'no'})`], ['true', 'yes'], ['false', 'no']],
    one[key] === undefined ? '' : String(one[key]), value => to(key)(value === '' ? undefined : value === 'true'), {id: `${id}-${key}`}), option.help);
  return numeric(label, one[key], to(key), {id: `${id}-${key}`, placeholder: option.default ?? '', help: option.help});
}

function payment(plan, one, id, those, known, tell) {
  const ways = [['', 'from the answers you have, or as published'], ['price', 'a price for one answer'], ['seconds', 'seconds for one answer, at the wage'], ['tokens', 'tokens of a model']];
  const now = one.price !== undefined ? 'price' : one.seconds !== undefined ? 'seconds' : one.input_tokens !== undefined || one.output_tokens !== undefined ? 'tokens' : '';
  const shared = mates(plan, one);
  const key = `${asked(one)} by ${who(one)}`;
  if (shared.some(other => !same(one, other))) apart.add(key);
  const together = shared.length > 0 && !apart.has(key);
  const first = plan.signal.find(other => other === one || shared.includes(other));
  const follows = together && first !== one;
  const pay = (changes, more) => {
    for (const each of together ? [one, ...shared] : [one]) {
      for (const name of PAY) if (name in changes) { if (changes[name] === undefined) delete each[name]; else each[name] = changes[name]; }
    }
    tell(more);
  };
  const none = Object.fromEntries(PAY.map(name => [name, undefined]));
  const fields = follows ? [h('p', {className: 'quiet'}, `Paid as ${first.kind} is.`)] : [field('Paid by', choice(ways, now, way => pay({...none,
    ...(way === 'price' ? {price: 0.05} : way === 'seconds' ? {seconds: (known && known.seconds) || 10} : way === 'tokens' ? {input_tokens: 500, output_tokens: 20, input_price: 1, output_price: 4} : {})},
  {anew: true}), {id: `${id}-pay`}), those.needs_price && !now ? `${those.title}: a price or a time is needed, unless the answers you have tell it` : known && known.seconds === null && !now ? 'no time is published for this kind: answers with times, or a price, are needed' : '')];
  const amount = (name, label, slide) => numeric(label, one[name], value => pay({[name]: value}), {id: `${id}-${name}`, min: 0, slide});
  if (now === 'price' && !follows) fields.push(amount('price', 'Price of one answer', [0.001, 10, true]));
  if (now === 'seconds' && !follows) fields.push(amount('seconds', 'Seconds for one answer', [0.5, 300, true]));
  if (now === 'tokens' && !follows) fields.push(amount('input_tokens', 'Tokens read', [1, 100_000, true]), amount('output_tokens', 'Tokens written', [1, 10_000, true]),
    amount('input_price', 'Price of a million read', [0.01, 100, true]), amount('output_price', 'Price of a million written', [0.01, 100, true]));
  if (shared.length) {
    const box = h('input', {type: 'checkbox', id: `${id}-apart`, checked: !together, onchange: event => {
      if (event.target.checked) apart.add(key);
      else {
        apart.delete(key);
        for (const other of shared) for (const name of PAY) { if (one[name] === undefined) delete other[name]; else other[name] = one[name]; }
      }
      written();
      tell({anew: true});
    }});
    fields.push(h('p', {className: 'quiet'}, h('label', {}, box, ` Priced apart from ${shared.map(other => other.kind).join(', ')} (one vote is one hard label)`)));
  }
  return fields;
}
