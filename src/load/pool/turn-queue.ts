/** Takes turns out of a dataset's order: which rows come next, and how many turns are left to be sent. */
export interface TurnQueue {
  /**
   * Takes, in one step, what `deal` makes of the number of rows drawn so far and of the turns that are left. `deal` may be called
   * again, where someone else took something meanwhile.
   */
  take<Turn>(deal: (drawn: number, left: number) => Dealt<Turn>): Turn[]
  /** Returns turns that nobody came to. */
  giveBack(turns: number): void
}

/** What a conversation gets: its turns, and how many rows they are from. */
export interface Dealt<Turn> {
  readonly turns: Turn[]
  readonly rows: number
}

/** A client's own. */
export class OwnQueue implements TurnQueue {
  #drawn = 0
  #left: number

  constructor(requests: number) {
    this.#left = requests
  }

  take<Turn>(deal: (drawn: number, left: number) => Dealt<Turn>): Turn[] {
    const { turns, rows } = deal(this.#drawn, this.#left)
    this.#drawn += rows
    this.#left -= turns.length
    return turns
  }

  giveBack(turns: number): void {
    this.#left += turns
  }
}

/** Low 32 bits: rows drawn. */
const ROWS = 0xffff_ffffn
/** Above them: turns taken. */
const TURNS = 32n

/** The one queue of all clients, of whichever worker: turns taken and rows drawn lie in one cell, which changes as a whole. */
export class OneQueue implements TurnQueue {
  readonly #cell: BigInt64Array
  readonly #requests: number

  /** @param requests turns in all; Infinity where they have no end */
  constructor(cell: BigInt64Array, requests: number) {
    this.#cell = cell
    this.#requests = requests
  }

  take<Turn>(deal: (drawn: number, left: number) => Dealt<Turn>): Turn[] {
    for (let state = Atomics.load(this.#cell, 0); ;) {
      const { turns, rows } = deal(Number(state & ROWS), this.#requests - Number(state >> TURNS))
      const seen = Atomics.compareExchange(this.#cell, 0, state, state + (BigInt(turns.length) << TURNS) + BigInt(rows))
      if (seen === state) return turns
      state = seen
    }
  }

  giveBack(turns: number): void {
    Atomics.sub(this.#cell, 0, BigInt(turns) << TURNS)
  }
}
