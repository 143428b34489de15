import type { Random } from '../datasets/sampling.ts'
import { OwnQueue } from './pool/turn-queue.ts'
import type { Dealt, TurnQueue } from './pool/turn-queue.ts'
import { Shuffle } from './shuffle.ts'

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
  /** Requests in all; absent where they have no end. */
  readonly requests?: number | undefined
  /** What all clients pull from together; left out, each has its own quota and order. */
  readonly queue?: TurnQueue | undefined
  readonly rows: number
  /** User turns that a row has. */
  readonly turnsOf: (row: number) => number
  /** A generator for each stream; the same one for the same number in every run. */
  readonly random: (stream: number) => Random
}

/** The clients' sequences, and how many rows those that were asked for have used so far. */
export interface Sequences {
  of(client: number): Sequence
  rowsDrawn(): number
}

/**
 * Deals the dataset's rows to clients. Each has its own shuffled order and its own quota, so that it sends the same sequence in
 * every run, however fast the others are and whichever worker it is in. With a common queue there is one order, of which each
 * client takes the next part. An order starts again when it is used up.
 */
export function createSequences(options: SequenceOptions): Sequences {
  const { clients, requests, queue } = options
  const made: ShuffledSequence[] = []
  const make = (from: TurnQueue, stream: number, streams: number): ShuffledSequence => {
    const sequence = new ShuffledSequence(options, from, stream, streams)
    made.push(sequence)
    return sequence
  }
  const common = queue === undefined ? undefined : make(queue, 0, 1)
  return {
    of: (client) => common ?? make(new OwnQueue(quota(requests, clients, client)), client, clients),
    rowsDrawn: () => made.reduce((sum, sequence) => sum + sequence.drawn, 0),
  }
}

/** Requests that client `client` sends: an equal share, the remainder going to the lowest numbers. */
export function quota(requests: number | undefined, clients: number, client: number): number {
  if (requests === undefined) return Infinity
  return Math.floor(requests / clients) + (client < requests % clients ? 1 : 0)
}

class ShuffledSequence implements Sequence {
  drawn = 0
  readonly #queue: TurnQueue
  readonly #order: Shuffle
  readonly #turnsOf: (row: number) => number
  readonly #firstOrdinal: number
  readonly #ordinalStep: number

  constructor(options: SequenceOptions, queue: TurnQueue, stream: number, streams: number) {
    this.#queue = queue
    this.#order = new Shuffle(options.rows, options.random(stream))
    this.#turnsOf = options.turnsOf
    this.#firstOrdinal = stream
    this.#ordinalStep = streams
  }

  next(turns: number): Turn[] {
    let rows = 0
    const taken = this.#queue.take((drawn, left) => {
      const dealt = this.#deal(drawn, Math.min(turns, left))
      rows = dealt.rows
      return dealt
    })
    this.drawn += rows
    return taken
  }

  giveBack(turns: number): void {
    this.#queue.giveBack(turns)
  }

  #deal(drawn: number, wanted: number): Dealt<Turn> {
    const turns: Turn[] = []
    let rows = 0
    while (turns.length < wanted) {
      const ordinal = this.#firstOrdinal + (drawn + rows) * this.#ordinalStep
      const row = this.#order.at(drawn + rows++)
      const has = Math.max(1, this.#turnsOf(row))
      for (let turn = 0; turn < has && turns.length < wanted; turn++) turns.push({ row, turn, ordinal })
    }
    return { turns, rows }
  }
}
