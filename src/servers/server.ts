import type { StartedTargetSpec } from '../dsl/targets.ts'

/** A server that a run has started and ends. */
export interface RunningServer {
  readonly kind: StartedTargetSpec['kind']
  /** Ends in `/v1`. */
  readonly baseURL: string
  readonly model: string
  /** Version of what generates. */
  readonly version: string
  /** Path of a `tokenizer.json` that is true to the model, where there is one. */
  readonly tokenizer?: string | undefined
  readonly pid: number
  /** Ends the server; requests in flight are cut off. Resolves when its process is gone. */
  close(): Promise<void>
  /** Resolves when its process is gone, for whatever reason. */
  readonly exited: Promise<ServerExit>
}

export interface ServerExit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  /** The last lines of its log. */
  readonly log: readonly string[]
}
