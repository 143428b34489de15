import type { LiveTargetSpec } from '../../src/dsl/targets.ts'
import type { Transport } from '../../src/targets/wire/connections.ts'

export interface WireOptions {
  readonly timeout?: number
  readonly idleTimeout?: number
  readonly apiKeys?: readonly string[]
  readonly headers?: Readonly<Record<string, string>>
}

export interface Usage {
  readonly promptTokens: number
  readonly outputTokens: number
}

/** How one target's server writes an answer: all that the contract suite needs to know about a wire protocol. */
export interface Wire {
  readonly name: string
  /** What carries it, where there is more than one; the target's own choice where left out. */
  readonly transport?: Transport
  spec(baseURLs: readonly string[], options: WireOptions): LiveTargetSpec
  readonly contentType: string
  /** Whether a request has one answer at most. */
  readonly single?: true
  /** What the protocol never tells: the count of the prompt, any count, why an answer finished. */
  readonly untold?: 'prompt' | 'usage' | 'usage and finish'
  /** Whether each event tells the counts so far. */
  readonly countsEach?: true
  /** Events that open an answer and carry no token; none where the protocol has none. */
  readonly opening: readonly string[]
  /** One event with text. */
  token(text: string, choice?: number): string
  /** One event with a part of the reasoning; absent where the protocol has none. */
  readonly reasoning?: (text: string) => string
  /** The event that finishes one choice, with its last text and the usage where they are given. */
  finish(reason: string, options?: { choice?: number; text?: string; usage?: Usage }): string
  /** The event with the counts alone; absent where they come with the finish. */
  readonly usage?: (usage: Usage) => string
  /** What closes the stream; absent where nothing does. */
  readonly end?: string
  /** An event that reports an error under HTTP 200. */
  error(message: string): string
  /** Gives events their place in one answer, where what they say depends on those before them; `token` and `finish` then don't. */
  readonly inSequence?: (events: readonly string[]) => string[]
  /** The whole answer as one document. */
  document(texts: readonly string[], reason: string, usage: Usage): unknown
  /** An event's data as bytes on the wire. */
  frame(data: string, lineEnd?: string): string
  /** Something to be skipped between events; absent where the protocol has nothing of the kind. */
  readonly comment?: string
}
