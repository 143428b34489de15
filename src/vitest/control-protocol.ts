import type { StartedTargetSpec } from '../dsl/targets.ts'
import type { Progress } from '../metrics/progress.ts'

/** From a test process to the plugin; one JSON document a line. */
export type ControlRequest =
  | { readonly type: 'acquire-server'; readonly id: number; readonly spec: StartedTargetSpec }
  | { readonly type: 'progress'; readonly bench: string; readonly progress: Progress | undefined }

/** The plugin's answer to a request with an id. */
export type ControlReply =
  | { readonly id: number; readonly server: ServerAddress }
  | { readonly id: number; readonly error: { readonly code: string; readonly message: string } }

/** What a test process needs to know of a server that the plugin has started. */
export interface ServerAddress {
  readonly baseURL: string
  readonly model: string
  readonly version: string
  readonly tokenizer?: string | undefined
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
