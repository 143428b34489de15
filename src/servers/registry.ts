import { digestOf } from '../dsl/digest.ts'
import type { StartedTargetSpec } from '../dsl/targets.ts'
import type { ServedTarget } from './server.ts'
import { startServer } from './start-server.ts'
import type { StartContext } from './start-server.ts'

/** The use of a server by one run of a bench. */
export interface ServerLease extends Omit<ServedTarget, 'close'> {
  /** The run is over. */
  release(): void
}

interface Entry {
  readonly key: string
  readonly spec: StartedTargetSpec
  readonly server: Promise<ServedTarget>
  leases: number
  /** Told when a lease ends. */
  onRelease: () => void
}

/**
 * Servers that a run has started: one for each distinct spec, shared by all benches, started when a bench asks for it and ended with
 * the run; an exclusive one and its likes in turn, each when no bench uses the other.
 */
export class ServerRegistry {
  readonly #context: StartContext
  readonly #entries = new Map<string, Entry>()
  readonly #ending = new AbortController()
  /** Who asks next waits for who asked before to have room, so that nobody is passed by for ever. */
  #turn: Promise<unknown> = Promise.resolve()

  constructor(context: StartContext) {
    this.#context = context
  }

  /**
   * The running server of this spec; starts it the first time, and again where it has ended.
   * @throws {LlmBenchError} `SERVER`; `CANCELLED` where the run ends meanwhile
   */
  async acquire(spec: StartedTargetSpec): Promise<ServerLease> {
    const turn = this.#turn.then(async () => {
      await this.#makeRoom(spec)
      const entry = this.#entryOf(spec)
      entry.leases++
      return entry
    })
    this.#turn = turn.catch(() => {})
    const entry = await turn
    let held = true
    const release = (): void => {
      if (!held) return
      held = false
      entry.leases--
      entry.onRelease()
    }
    try {
      const { close: _, ...served } = await entry.server
      return { ...served, release }
    } catch (error) {
      release()
      throw error
    }
  }

  async close(): Promise<void> {
    this.#ending.abort()
    await Promise.all([...this.#entries.values()].map((entry) => this.#end(entry)))
  }

  #entryOf(spec: StartedTargetSpec): Entry {
    const key = digestOf(spec)
    const known = this.#entries.get(key)
    if (known !== undefined) return known
    const server = startServer(spec, this.#context, this.#ending.signal)
    const entry: Entry = { key, spec, server, leases: 0, onRelease: () => {} }
    this.#entries.set(key, entry)
    const forget = (): boolean => this.#entries.get(key) === entry && this.#entries.delete(key)
    server.then((running) => running.exited.then(forget), forget)
    return entry
  }

  /** Ends the servers that may not run beside this one, each when the last bench has done with it. */
  async #makeRoom(spec: StartedTargetSpec): Promise<void> {
    const key = digestOf(spec)
    const inTheWay = [...this.#entries.values()].filter((entry) => entry.key !== key && areExclusive(entry.spec, spec))
    await Promise.all(
      inTheWay.map(async (entry) => {
        while (entry.leases > 0) await new Promise<void>((resolve) => (entry.onRelease = resolve))
        await this.#end(entry)
      }),
    )
  }

  async #end(entry: Entry): Promise<void> {
    if (this.#entries.get(entry.key) === entry) this.#entries.delete(entry.key)
    // One that never came up is none to end.
    const server = await entry.server.catch(() => undefined)
    await server?.close()
  }
}

/** Whether one of two launched servers is to have the machine to itself. */
function areExclusive(a: StartedTargetSpec, b: StartedTargetSpec): boolean {
  return a.kind === 'launch' && b.kind === 'launch' && (a.exclusive || b.exclusive)
}
