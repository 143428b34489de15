import type { Appointment } from '../../agenda.ts'

/** What a generation wants after it was given its turn. */
export type Outcome =
  /** Its next chunk, in time. */
  | 'more'
  /** Nothing until it is resumed: it keeps its place. */
  | 'waits'
  | 'ended'

/** A sequence's work, which the scheduler gives its turns. */
export interface Generation {
  /** From admission to the first chunk, at no load. */
  readonly firstMs: number
  /** From one chunk to the next, at no load. */
  gapMs(): number
  /** Tokens of its prompt and its answer so far. */
  readonly heldTokens: number
  /**
   * Chunks are due.
   * @param chunks more than one where the server has fallen behind or gaps are zero
   * @param dueNs when the first of them was due
   */
  advance(chunks: number, dueNs: number): Outcome
}

export interface SchedulerOptions {
  /** Sequences that run together; further ones queue, first come first served. */
  readonly maxNumSeqs: number
  /** How many times longer all takes with `maxNumSeqs` running than with one; linear between. */
  readonly timeFactorUnderLoad: number
  /** Time of the next batching step, at no load; left out, each sequence has times of its own. */
  readonly stepMs?: (() => number) | undefined
}

/** Keeps times. */
export interface Timetable {
  add(item: Appointment): void
  remove(item: Appointment): void
}

/** So many chunks at most go out in one turn: others are waiting. */
const MAX_CHUNKS = 64

/** Lets sequences run, each by its own times or all in steps of continuous batching, and the rest wait. */
export class Scheduler {
  readonly #options: SchedulerOptions
  readonly #times: Timetable
  readonly #running = new Set<Seat>()
  readonly #queue = new Set<Seat>()
  readonly #batch: Batch | undefined

  constructor(options: SchedulerOptions, times: Timetable) {
    this.#options = options
    this.#times = times
    if (options.stepMs) this.#batch = new Batch(options.stepMs, this, times)
  }

  get running(): number {
    return this.#running.size
  }

  get waiting(): number {
    return this.#queue.size
  }

  /** Tokens of the sequences that run. */
  get heldTokens(): number {
    let tokens = 0
    for (const seat of this.#running) tokens += seat.generation.heldTokens
    return tokens
  }

  /** Takes a sequence in, or puts it at the end of the queue. */
  submit(generation: Generation, nowNs: number): Seat {
    const seat = new Seat(generation, this, this.#times, this.#batch)
    if (this.#running.size < this.#options.maxNumSeqs) this.#admit(seat, nowNs)
    else this.#queue.add(seat)
    return seat
  }

  /** A sequence is over, wherever it stands. */
  leave(seat: Seat, nowNs: number): void {
    this.#times.remove(seat)
    this.#batch?.remove(seat)
    this.#queue.delete(seat)
    if (!this.#running.delete(seat)) return
    const [next] = this.#queue
    if (next === undefined || this.#running.size >= this.#options.maxNumSeqs) return
    this.#queue.delete(next)
    this.#admit(next, nowNs)
  }

  /** By what all times are multiplied now: 1 + (factor − 1) × (running − 1) / (maxNumSeqs − 1), as llm-d's simulator has it. */
  loadFactor(): number {
    const { timeFactorUnderLoad, maxNumSeqs } = this.#options
    if (timeFactorUnderLoad === 1) return 1
    return 1 + ((timeFactorUnderLoad - 1) * (this.#running.size - 1)) / (maxNumSeqs - 1)
  }

  #admit(seat: Seat, nowNs: number): void {
    this.#running.add(seat)
    seat.start(nowNs)
  }
}

/** A sequence's place with the scheduler. */
export class Seat implements Appointment {
  dueNs = 0
  place = -1
  order = 0
  readonly generation: Generation
  readonly #scheduler: Scheduler
  readonly #times: Timetable
  readonly #batch: Batch | undefined

  constructor(generation: Generation, scheduler: Scheduler, times: Timetable, batch: Batch | undefined) {
    this.generation = generation
    this.#scheduler = scheduler
    this.#times = times
    this.#batch = batch
  }

  start(nowNs: number): void {
    this.dueNs = nowNs + this.generation.firstMs * this.#scheduler.loadFactor() * 1e6
    this.#times.add(this)
  }

  due(nowNs: number): void {
    if (this.#batch !== undefined) return this.#batch.join(this, this.dueNs)
    const dueNs = this.dueNs
    let chunks = 0
    do {
      chunks++
      this.dueNs += this.generation.gapMs() * this.#scheduler.loadFactor() * 1e6
    } while (this.dueNs <= nowNs && chunks < MAX_CHUNKS)
    const outcome = this.advance(chunks, dueNs, nowNs)
    if (outcome === 'more') this.#times.add(this)
  }

  /** Gives the sequence its turn. */
  advance(chunks: number, dueNs: number, nowNs: number): Outcome {
    const outcome = this.generation.advance(chunks, dueNs)
    if (outcome === 'ended') this.#scheduler.leave(this, nowNs)
    return outcome
  }

  /** Lets a sequence that waits go on: where it was, or late by what it has missed. */
  resume(nowNs: number): void {
    this.dueNs = Math.max(this.dueNs, nowNs)
    this.#times.add(this)
  }
}

/** The sequences whose prefill is over, in steps of continuous batching: each step gives each of them its next chunk. */
class Batch implements Appointment {
  dueNs = -Infinity
  place = -1
  order = 0
  readonly #stepMs: () => number
  readonly #scheduler: Scheduler
  readonly #times: Timetable
  readonly #members = new Set<Seat>()
  /** When the step after the last one may begin. */
  #freeNs = -Infinity

  constructor(stepMs: () => number, scheduler: Scheduler, times: Timetable) {
    this.#stepMs = stepMs
    this.#scheduler = scheduler
    this.#times = times
  }

  join(seat: Seat, readyNs: number): void {
    this.#members.add(seat)
    if (this.place !== -1) return
    this.dueNs = Math.max(readyNs, this.#freeNs)
    this.#times.add(this)
  }

  remove(seat: Seat): void {
    this.#members.delete(seat)
  }

  due(nowNs: number): void {
    const dueNs = this.dueNs
    // The step that is over took as long as its batch was large.
    this.#freeNs = dueNs + this.#stepMs() * this.#scheduler.loadFactor() * 1e6
    for (const seat of this.#members) if (seat.advance(1, dueNs, nowNs) !== 'more') this.#members.delete(seat)
    if (this.#members.size === 0 || this.place !== -1) return
    this.dueNs = this.#freeNs
    this.#times.add(this)
  }
}
