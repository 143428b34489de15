import { digestOf } from '../dsl/digest.ts'
import type { StartedTargetSpec } from '../dsl/targets.ts'
import { startEmbedded } from './embedded/start.ts'
import type { RunningServer } from './server.ts'
import { startSimulator } from './simulator/start.ts'

/** Servers that a run has started: one for each distinct spec, shared by all benches. */
export class ServerRegistry {
  readonly #root: string
  readonly #servers = new Map<string, Promise<RunningServer>>()

  constructor(root: string) {
    this.#root = root
  }

  /** The running server of this spec; starts it the first time, and again where it has died. */
  async acquire(spec: StartedTargetSpec): Promise<RunningServer> {
    const key = digestOf(spec)
    let server = this.#servers.get(key)
    if (server === undefined) {
      const options = { root: this.#root }
      server = spec.kind === 'embedded' ? startEmbedded(spec, options) : startSimulator(spec, options)
      this.#servers.set(key, server)
      const forget = (): boolean => this.#servers.get(key) === server && this.#servers.delete(key)
      server.then((running) => running.exited.then(forget), forget)
    }
    return server
  }

  async close(): Promise<void> {
    const servers = [...this.#servers.values()]
    this.#servers.clear()
    await Promise.allSettled(servers.map(async (server) => (await server).close()))
  }
}
