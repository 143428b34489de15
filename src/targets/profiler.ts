import { LlmBenchError } from '../errors.ts'
import type { Door } from './probe.ts'
import type { Exchange, HttpClient } from './wire/http.ts'

/** The profiler that a server has of its own. */
export interface Profiler {
  /** @throws {LlmBenchError} `TARGET` where a server has none, or does not start it; `CANCELLED` */
  start(signal: AbortSignal): Promise<void>
  /**
   * Lets servers write what they have; to be called after a failed start, too. Never rejects.
   * @param signal once it is aborted, a server has little time left
   * @returns sentences for the run's reader
   */
  stop(signal: AbortSignal): Promise<string[]>
}

/** Seconds. */
const START_TIMEOUT = 60
/** Writing the traces of a large model takes many minutes. */
const STOP_TIMEOUT = 3600
/** Less than a cancelled run has for its end. */
const CANCELLED_MS = 2000

/** `/start_profile` and `/stop_profile` at the root of each server, as vLLM and SGLang have them. */
export class HttpProfiler implements Profiler {
  readonly #http: HttpClient
  readonly #doors: readonly Door[]
  readonly #scrub: (text: string) => string

  constructor(http: HttpClient, doors: readonly Door[], scrub: (text: string) => string) {
    this.#http = http
    this.#doors = doors
    this.#scrub = scrub
  }

  async start(signal: AbortSignal): Promise<void> {
    await Promise.all(
      this.#doors.map(async (door) => {
        const failure = this.#failureOf(await this.#post(door, '/start_profile', START_TIMEOUT, signal))
        if (failure === undefined) return
        if (signal.aborted) throw new LlmBenchError('CANCELLED', 'cancelled before the load began')
        throw new LlmBenchError(
          'TARGET',
          `${door.address.shown} can't be profiled: POST /start_profile answered ${failure}. vLLM has it where it was started with ` +
            '--profiler-config (before 0.13: with VLLM_TORCH_PROFILER_DIR in its environment), SGLang always; other servers have none: ' +
            'leave `profile` out.',
        )
      }),
    )
  }

  async stop(signal: AbortSignal): Promise<string[]> {
    const patience = new AbortController()
    const giveUp = (): void => void setTimeout(() => patience.abort(), CANCELLED_MS).unref()
    if (signal.aborted) giveUp()
    else signal.addEventListener('abort', giveUp, { once: true })
    const notes = await Promise.all(
      this.#doors.map(async (door) => {
        const failure = this.#failureOf(await this.#post(door, '/stop_profile', STOP_TIMEOUT, patience.signal))
        return failure === undefined ? [] : [`${door.address.shown} did not end its profile: ${failure}.`]
      }),
    )
    signal.removeEventListener('abort', giveUp)
    return ['The server was profiled from the end of the warm-up to the end of the load, which slows it.', ...notes.flat()]
  }

  #post({ address, headers }: Door, path: string, timeout: number, signal: AbortSignal): Promise<Exchange> {
    const root = address.path.replace(/\/v\d[^/]*$/, '')
    return this.#http.exchange(
      { method: 'POST', origin: address.origin, path: root + path + address.query, headers, body: '{}', timeout },
      { form: 'json', read: () => {} },
      signal,
    )
  }

  /** What they say besides is of no consequence. */
  #failureOf({ status, failure }: Exchange): string | undefined {
    if (failure === undefined || (status !== undefined && status < 300 && failure.kind === 'protocol')) return undefined
    return this.#scrub(failure.message)
  }
}
