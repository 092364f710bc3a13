// The last question wins: one is out at a time, and an answer that is overtaken is dropped.
export class Latest {
  #out = false; #again = false; #turn = 0;

  /** `ask()` begins a question; `show(answer)` takes the answer to the last one; `fail(fault)`. */
  constructor(question, show, fail) {
    this.question = question; this.show = show; this.fail = fail;
  }

  /** Is a question out? */
  get busy() { return this.#out; }

  /** Resolves when nothing is out any more. */
  ask() {
    this.#turn += 1;
    if (this.#out) this.#again = true; else this.done = this.#run();
    return this.done;
  }
  done = Promise.resolve();

  async #run() {
    this.#out = true;
    do {
      this.#again = false;
      const mine = this.#turn;
      try {
        const found = await this.question();
        if (mine === this.#turn) this.show(found);
      } catch (fault) {
        if (mine === this.#turn) this.fail(fault);
      }
    } while (this.#again);
    this.#out = false;
  }

  /** Whatever is out is not wanted any more. */
  forget() { this.#turn += 1; this.#again = false; }
}
