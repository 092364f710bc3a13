// The sliders of budget and prices: dragged on a logarithmic scale, or typed.
export class Money {
  onchange = () => {};

  constructor(form) {
    this.rows = [...form.querySelectorAll('.slider')].map(row => ({
      row, range: row.querySelector('input[type=range]'), typed: row.querySelector('.typed'),
      part: Number(row.dataset.part), number: Number(row.dataset.number)}));
    for (const one of this.rows) {
      const {range} = one;
      one.base = Number(range.dataset.base);
      one.names = JSON.parse(range.dataset.names);
      one.value = one.base;
      range.addEventListener('input', () => {
        this.#set(one, one.base * Math.pow(10, Number(range.value)), range);
        this.onchange();
      });
      one.typed.addEventListener('input', () => {
        const value = Number(one.typed.value);
        // A number that is none is said where it stands; the advice is of the last that was one.
        one.typed.setCustomValidity(value > 0 ? '' : 'expected a number above 0');
        if (!(value > 0)) { one.typed.reportValidity(); return; }
        this.#set(one, value, one.typed);
        this.onchange();
      });
      this.#say(one);
    }
    form.querySelectorAll('input[data-of]').forEach(box => box.addEventListener('change', () => {
      this.part(Number(box.dataset.of), box.checked);
      this.onchange();
    }));
    form.addEventListener('submit', event => event.preventDefault());
    this.form = form;
  }

  #set(one, value, by) {
    one.value = Math.abs(value / one.base - 1) < 1e-9 ? one.base : value;
    if (by !== one.range) one.range.value = Math.log10(value / one.base);
    if (by !== one.typed) { one.typed.value = Number(value.toPrecision(3)); one.typed.setCustomValidity(''); }
    this.#say(one);
  }

  #say(one) { one.range.setAttribute('aria-valuetext', Number(one.value.toPrecision(3))); }

  /** Price the options of slider `number` apart, or again together. */
  part(number, apart) {
    const whole = this.rows[number];
    this.form.querySelector(`input[data-of="${number}"]`).checked = apart;
    whole.range.disabled = whole.typed.disabled = apart;
    for (const one of this.rows) if (one.part === number) {
      one.row.hidden = !apart;
      this.#set(one, whole.value);
    }
  }

  /** Budget and the prices that were moved, by option. */
  asked() {
    const prices = {};
    for (const one of this.rows.slice(1)) {
      const on = one.part >= 0 ? !one.row.hidden : !one.range.disabled;
      if (on && one.value !== one.base) for (const name of one.names) prices[name] = one.value;
    }
    return {amount: this.rows[0].value, prices};
  }

  reset() {
    for (const one of this.rows) this.#set(one, one.base);
    this.form.querySelectorAll('input[data-of]').forEach(box => this.part(Number(box.dataset.of), false));
  }

  write(found) {
    const {amount, prices} = this.asked();
    if (amount !== this.rows[0].base) found.set('amount', Number(amount.toPrecision(6)));
    for (const [name, price] of Object.entries(prices)) found.append('price', `${Number(price.toPrecision(6))} ${name}`);
  }

  /** Take what an address says; true if that is other money than the plan's. */
  read(found) {
    const good = number => number > 0 && Number.isFinite(number);
    const amount = Number(found.get('amount'));
    if (good(amount)) this.#set(this.rows[0], amount);
    const prices = new Map(found.getAll('price').map(text => {
      const at = text.indexOf(' ');
      return [text.slice(at + 1), Number(text.slice(0, at))];
    }));
    for (const one of this.rows.slice(1)) {
      const told = one.names.map(name => prices.get(name)).filter(good);
      if (one.part >= 0 || !told.length) continue;
      const alike = told.length === one.names.length && told.every(price => price === told[0]);
      if (alike) { this.#set(one, told[0]); continue; }
      this.part(one.number, true);
      for (const own of this.rows) if (own.part === one.number && good(prices.get(own.names[0])))
        this.#set(own, prices.get(own.names[0]));
    }
    return good(amount) || [...prices.values()].some(good);
  }
}
