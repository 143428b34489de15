import type { ChatMessage } from '../datasets/dataset.ts'
import type { SamplingSpec } from '../dsl/workload-spec.ts'
import type { Clock } from '../metrics/clock.ts'
import type { ErrorKind } from '../metrics/columns.ts'
import type { CountedTokens } from '../metrics/record.ts'
import type { Profiler } from './profiler.ts'
import type { Transport } from './wire/connections.ts'

/** A live server, reached by one wire protocol. Made for one run and closed after it. */
export interface Target {
  /**
   * Asks the server what it is, without making it generate: the model where the spec names none, and its version.
   * @throws {LlmBenchError} `TARGET` where no URL answers, or the answer shows that requests would fail (401, an HTML page)
   */
  prepare(signal: AbortSignal): Promise<TargetInfo>
  /**
   * Opens connections without asking the server for a token. Never rejects. Absent where the protocol can't.
   * @param connections requests that will be in flight at once
   * @returns how many connections wait for requests
   */
  openAhead?(connections: number, signal: AbortSignal): Promise<number>
  /**
   * Makes a target that differs from this one in its server alone: a stand-in in this thread, which answers each streamed request with
   * some tokens until the target is closed. Keys and headers of the user's stay out of it.
   * @param onTokens as in this target's own context
   */
  standIn?(onTokens: TargetContext['onTokens']): Promise<StoodIn>
  /**
   * Sends one request and reads its answer to the end. Never rejects: a failure is an answer with `error`. Nothing is tried
   * again but what met a kept-alive connection that the server had closed unannounced (`resent`).
   * Requests take the URLs, and the keys, in turn.
   */
  send(request: GenerateRequest, signal: AbortSignal): Promise<Answer>
  /**
   * The tokens that the server has counted since it started, whoever it served; undefined where it does not tell. Quick, never
   * rejects and generates nothing.
   */
  countedTokens?(signal: AbortSignal): Promise<CountedTokens | undefined>
  /** Where the spec asks for a profile. */
  readonly profiler?: Profiler | undefined
  /** What its requests can't carry; a workload that asks for it is refused by name. */
  readonly lacks?: LackingTarget | undefined
  /** What a reader of the run must know of how the server was reached; may grow with each request. */
  readonly notes: readonly string[]
  close(): Promise<void>
}

/** What goes to a stand-in. */
export interface StoodIn {
  readonly target: Target
  /** Whether it is reached as the server is, so that what sends there is all that sends to the server. */
  readonly isReachedAlike: boolean
}

/** Makes a target of a spec; nothing is sent yet. */
export type MakeTarget<Spec> = (spec: Spec, context: TargetContext) => Target | Promise<Target>

/** A target, as its user calls it, and what its requests have no field for. */
export interface LackingTarget {
  /** `'tgi()'` */
  readonly call: string
  readonly options: readonly RequestOption[]
}

/** What not every protocol can carry in a request. */
export type RequestOption = 'minTokens' | 'ignoreEos' | 'temperature' | 'topP' | 'topK' | 'seed' | 'n'

export interface TargetInfo {
  /** Absent where neither the user nor the server names it. */
  readonly model?: string | undefined
  readonly version?: string | undefined
  /** What it runs on, where it tells. */
  readonly device?: string | undefined
  /** `false` where answers come as wholes though they were asked for as streams. */
  readonly streams?: boolean | undefined
  /** Why the seeds of requests have no effect; absent where they have, or it isn't known. */
  readonly noSeed?: string | undefined
}

/** What a target is made with. */
export interface TargetContext {
  readonly clock: Clock
  /** Called with the number of token-bearing chunks as they come; for progress only, and cheap. */
  readonly onTokens: (count: number) => void
  /** Absolute folder that relative paths in a spec resolve against; the working directory where left out. */
  readonly root?: string | undefined
  /** What carries plain HTTP, where the protocol is one over HTTP; chosen by the target where left out. */
  readonly transport?: Transport | undefined
}

/** What is asked of the model. */
export interface GenerateRequest extends Omit<SamplingSpec, 'maxTokens' | 'seed'> {
  readonly messages: readonly ChatMessage[]
  readonly maxTokens: number
  readonly seed?: number | undefined
  /** Answers asked for in this one request. */
  readonly n: number
  readonly stream: boolean
  /** Keep the text even where the server counts tokens itself; otherwise it is kept only where it must be counted. */
  readonly keepText: boolean
}

/** What came back. Times are nanoseconds since the clock's origin, taken when the bytes were read. */
export interface Answer {
  /** Base URL that was used, without secrets. */
  readonly address: string
  /** Right before the one write that hands all bytes of the request to the socket (of the send that was answered); absent where none was. */
  readonly sentNs?: number | undefined
  /** How long opening the connection took; absent where one was reused. */
  readonly connectNs?: number | undefined
  /** When the whole response had been read (or failed). */
  readonly endNs: number
  /** The server's own counts. */
  readonly usage?: { readonly promptTokens: number; readonly outputTokens: number } | undefined
  /** One for each of the request's `n` answers. */
  readonly choices: readonly Choice[]
  readonly error?: { readonly kind: ErrorKind; readonly message: string } | undefined
  /** Sent twice: the server had closed the kept-alive connection that the first send went out on. */
  readonly resent?: true | undefined
}

/** One of the answers to a request. */
export interface Choice {
  readonly firstTokenNs?: number | undefined
  readonly firstAnswerNs?: number | undefined
  readonly lastTokenNs?: number | undefined
  /** Chunks that carried text. */
  readonly chunks: number
  /** Gaps between them in ms; one fewer than chunks. */
  readonly gapsMs: ArrayLike<number>
  readonly finishReason?: string | undefined
  /** The answer's text, reasoning included before it; '' where it was not kept. */
  readonly text: string
  /** How many characters of `text`, from its start, are reasoning; none where left out. */
  readonly reasoningLength?: number | undefined
}
