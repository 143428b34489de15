import type { Random } from '../datasets/sampling.ts'

/** One user message to be sent: which row of the dataset, and which of its user turns. */
export interface Turn {
  readonly row: number
  readonly turn: number
  /** Tells the same prompt's uses apart; the same in every run. */
  readonly ordinal: number
}

/** What one client sends, or several where they share it. */
export interface Sequence {
  /** User messages of the next conversation: `turns` of them, fewer at the end of the quota, none after it. */
  next(turns: number): Turn[]
  /** Returns turns that a conversation did not come to, so that the quota is still filled. */
  giveBack(turns: number): void
}

export interface SequenceOptions {
  readonly clients: number
  readonly order: 'per-client' | 'shared'
  /** Requests in all; absent where they have no end. */
  readonly requests?: number | undefined
  readonly rows: number
  /** User turns that a row has. */
  readonly turnsOf: (row: number) => number
  /** A generator for each stream; the same one for the same number in every run. */
  readonly random: (stream: number) => Random
}

/** The clients' sequences, and how many rows they have used so far. */
export interface Sequences {
  of(client: number): Sequence
  rowsDrawn(): number
}

/**
 * Deals the dataset's rows to clients. `per-client`: each has its own shuffled order and its own quota, so that it sends the
 * same sequence in every run, however fast the others are. `shared`: one order, of which each client takes the next part.
 * An order starts again when it is used up.
 */
export function createSequences(options: SequenceOptions): Sequences {
  const { clients, requests } = options
  const all =
    options.order === 'shared'
      ? [new ShuffledSequence(options, requests ?? Infinity, 0, 1)]
      : Array.from({ length: clients }, (_, i) => new ShuffledSequence(options, quota(requests, clients, i), i, clients))
  return {
    of: (client) => all[client % all.length]!,
    rowsDrawn: () => all.reduce((sum, sequence) => sum + sequence.drawn, 0),
  }
}

/** Requests that client `client` sends: an equal share, the remainder going to the lowest numbers. */
export function quota(requests: number | undefined, clients: number, client: number): number {
  if (requests === undefined) return Infinity
  return Math.floor(requests / clients) + (client < requests % clients ? 1 : 0)
}

class ShuffledSequence implements Sequence {
  drawn = 0
  readonly #order: Shuffle
  readonly #turnsOf: (row: number) => number
  readonly #firstOrdinal: number
  readonly #ordinalStep: number
  #left: number

  constructor(options: SequenceOptions, left: number, stream: number, streams: number) {
    this.#order = new Shuffle(options.rows, options.random(stream))
    this.#turnsOf = options.turnsOf
    this.#left = left
    this.#firstOrdinal = stream
    this.#ordinalStep = streams
  }

  next(turns: number): Turn[] {
    const wanted = Math.min(turns, this.#left)
    this.#left -= wanted
    const list: Turn[] = []
    while (list.length < wanted) {
      const ordinal = this.#firstOrdinal + this.drawn * this.#ordinalStep
      const row = this.#order.at(this.drawn++)
      const has = Math.max(1, this.#turnsOf(row))
      for (let turn = 0; turn < has && list.length < wanted; turn++) list.push({ row, turn, ordinal })
    }
    return list
  }

  giveBack(turns: number): void {
    this.#left += turns
  }
}

/** A seeded permutation, repeated without end and drawn only as far as it is used: thousands of clients each have one. */
class Shuffle {
  readonly #size: number
  readonly #random: Random
  readonly #drawn: number[] = []
  readonly #moved = new Map<number, number>()

  constructor(size: number, random: Random) {
    this.#size = size
    this.#random = random
  }

  at(index: number): number {
    const position = index % this.#size
    while (this.#drawn.length <= position) this.#draw()
    return this.#drawn[position]!
  }

  /** One step of the Fisher–Yates shuffle over an array of which only the moved entries exist. */
  #draw(): void {
    const at = this.#drawn.length
    const from = at + this.#random.int(this.#size - at)
    this.#drawn.push(this.#moved.get(from) ?? from)
    this.#moved.set(from, this.#moved.get(at) ?? at)
    this.#moved.delete(at)
  }
}
