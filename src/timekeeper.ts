import { Agenda } from './agenda.ts'
import type { Appointment } from './agenda.ts'
import type { Clock } from './metrics/clock.ts'

/** The longest that a timer of Node's may take. */
const MAX_DELAY_MS = 2 ** 31 - 1
/**
 * So long an exact timekeeper stays in one turn of the event loop. Each turn leaves objects behind, and at a few µs a turn that is
 * MBs a second, whose collection delays what is due; what a socket brings meanwhile waits for no longer than this.
 */
const LINGER_NS = 50e3

/** An agenda that is kept by the event loop, whose timers count whole milliseconds. */
export class Timekeeper {
  readonly #agenda = new Agenda()
  readonly #clock: Clock
  readonly #exact: boolean
  /** How far the event loop's present millisecond had come at the clock's origin. */
  readonly #originNs: number
  #timer: NodeJS.Timeout | undefined
  #immediate: NodeJS.Immediate | undefined
  #armedNs = Infinity
  #running = false

  /**
   * @param options.exact spend what a timer can't tell apart, the last millisecond or two before each appointment, in turns of the
   *   event loop: sockets are served meanwhile, but others on this core get none of it
   */
  constructor(clock: Clock, { exact = false }: { readonly exact?: boolean } = {}) {
    this.#clock = clock
    this.#exact = exact
    this.#originNs = Number(clock.originNs % 1_000_000n)
  }

  add(item: Appointment): void {
    this.#agenda.add(item)
    if (!this.#running && item.dueNs < this.#armedNs) this.#arm()
  }

  remove(item: Appointment): void {
    this.#agenda.remove(item)
    if (this.#agenda.next === undefined) this.#disarm()
  }

  /** Calls a function after a time. */
  after(ms: number, call: () => void): void {
    this.add({ dueNs: this.#clock.now() + ms * 1e6, place: -1, due: call })
  }

  /** Forgets all appointments. */
  close(): void {
    for (let item = this.#agenda.next; item !== undefined; item = this.#agenda.next) this.#agenda.remove(item)
    this.#disarm()
  }

  readonly #run = (): void => {
    this.#disarm()
    if (this.#exact) this.#linger()
    this.#running = true
    this.#agenda.runDue(this.#clock.now())
    this.#running = false
    this.#arm()
  }

  #linger(): void {
    const dueNs = this.#agenda.next?.dueNs ?? 0
    const startNs = this.#clock.now()
    const untilNs = Math.min(dueNs, startNs + LINGER_NS)
    for (let nowNs = startNs; nowNs < untilNs; nowNs = this.#clock.now());
  }

  #arm(): void {
    this.#disarm()
    const first = this.#agenda.next
    if (first === undefined) return
    this.#armedNs = first.dueNs
    const ms = this.#sleepMs(first.dueNs, this.#clock.now())
    // Not at once even where the time has come: who makes one appointment after another would call itself.
    if (ms > 0) this.#timer = setTimeout(this.#run, Math.min(ms, MAX_DELAY_MS))
    else this.#immediate = setImmediate(this.#run)
  }

  /** Whole ms that may be slept. */
  #sleepMs(dueNs: number, nowNs: number): number {
    if (!this.#exact) return Math.ceil((dueNs - nowNs) / 1e6)
    // A timer counts from the beginning of the present millisecond, and other events may let it come up to one late.
    return Math.floor((this.#originNs + dueNs) / 1e6) - Math.floor((this.#originNs + nowNs) / 1e6) - 1
  }

  #disarm(): void {
    clearTimeout(this.#timer)
    clearImmediate(this.#immediate)
    this.#armedNs = Infinity
  }
}
