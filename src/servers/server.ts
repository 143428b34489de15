import type { LiveTargetSpec, StartedTargetSpec } from '../dsl/targets.ts'

/** A server that a run has started and ends. */
interface StartedServer {
  readonly kind: StartedTargetSpec['kind']
  readonly pid: number
  /** Ends the server; requests in flight are cut off. Resolves when its process is gone. */
  close(): Promise<void>
  /** Resolves when its process is gone, for whatever reason. */
  readonly exited: Promise<ServerExit>
}

/** A server of this package. */
export interface RunningServer extends StartedServer {
  readonly kind: 'embedded' | 'simulator'
  /** Ends in `/v1`. */
  readonly baseURL: string
  readonly model: string
  /** Version of what generates. */
  readonly version: string
  /** Path of a `tokenizer.json` that is true to the model, where there is one. */
  readonly tokenizer?: string | undefined
}

/** A server of the user's. */
export interface LaunchedServer extends StartedServer {
  readonly kind: 'launch'
  /** Speaks to it. */
  readonly target: LiveTargetSpec
  /** As the spec asks for it. */
  readonly version?: string | undefined
  /** Sentences for the reader of a run. */
  readonly notes: readonly string[]
}

/** A running server as those see it who send to it. */
export interface ServedTarget extends Omit<LaunchedServer, 'kind'> {
  /** As messages call it. */
  readonly name: string
  /** Absolute path of its output, where that is kept. */
  readonly logFile?: string | undefined
}

export interface ServerExit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  /** The last lines of its log. */
  readonly log: readonly string[]
}
