import type { EngineSpec } from '../../src/dsl/engines.ts'

/** Requests that an engine under test decodes together. */
export const PARALLEL = 4

/** What the contract suite needs to know about an engine. */
export interface EngineUnderTest {
  readonly name: string
  /** An engine with a small model that comes from nowhere but this repository; it decodes {@link PARALLEL} requests together. */
  readonly spec: EngineSpec
  /** Tokens of a generated text; absent where the model's texts don't tell. */
  readonly count?: (text: string) => Promise<number>
  /** Tokens of context that the model has at most. */
  readonly contextLimit: number
  /** Whether a request that finds no free sequence waits for its first token. */
  readonly queues: boolean
  /** Whether it times static batches. */
  readonly oneBatch: boolean
  /** Tokens that every answer has, where it is not each request's own to say. */
  readonly outputLength?: number
  /** Whether every token has a time of its own, so that there is a gap between any two. */
  readonly tokenByToken: boolean
}
