import type { LiveTargetSpec, StartedTargetSpec } from '../dsl/targets.ts'
import type { Progress } from '../metrics/progress.ts'
import type { ServerExit } from '../servers/server.ts'

/** From a test process to the plugin; one JSON document a line. */
export type ControlRequest =
  | { readonly type: 'acquire-server'; readonly id: number; readonly spec: StartedTargetSpec }
  /** Done with the server of that id; `suspect` where requests to it failed. */
  | { readonly type: 'release-server'; readonly id: number; readonly suspect: boolean }
  | { readonly type: 'progress'; readonly bench: string; readonly run: string | undefined; readonly progress: Progress | undefined }

/** The plugin's answer to a request for a server, and what it tells of the server until that is released. */
export type ControlReply =
  | { readonly id: number; readonly type: 'server'; readonly server: ServerAddress }
  | { readonly id: number; readonly type: 'error'; readonly error: { readonly code: string; readonly message: string } }
  | { readonly id: number; readonly type: 'ended'; readonly exit: ServerExit }
  | { readonly id: number; readonly type: 'released' }

/** What a test process needs to know of a server that the plugin has started. */
export interface ServerAddress {
  /** As messages call it. */
  readonly name: string
  /** Speaks to it. */
  readonly target: LiveTargetSpec
  readonly version?: string | undefined
  /** Sentences for the reader of a run. */
  readonly notes: readonly string[]
  /** Absolute path of its output, where that is kept. */
  readonly logFile?: string | undefined
}

/** Cuts a stream of text into its lines and parses each as JSON. */
export function lineReader(onMessage: (message: unknown) => void): (chunk: string) => void {
  let rest = ''
  return (chunk) => {
    const lines = (rest + chunk).split('\n')
    rest = lines.pop()!
    for (const line of lines) if (line !== '') onMessage(JSON.parse(line))
  }
}
