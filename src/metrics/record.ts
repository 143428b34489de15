import type { ErrorKind, RequestColumns } from './columns.ts'

/** What the load generator or an engine hands over at the end of a run of requests. */
export interface RequestRecord {
  readonly kind: 'requests'
  /** The run's origin on the clock of `process.hrtime.bigint()`; every time of the columns is relative to it. */
  readonly originNs: bigint
  /** Start and end of the load on that clock, relative: first send (or first client's start) to last response. */
  readonly startNs: number
  readonly endNs: number
  /** End of ramp-up and first client's finish, relative; absent where the workload has no steady window. */
  readonly steadyNs?: readonly [startNs: number, endNs: number] | undefined
  readonly columns: RequestColumns
  readonly errors: readonly ErrorCount[]
  readonly tokens: TokenSources
  readonly dataset: DatasetFacts
  /** The model that answered, where known. */
  readonly model?: string | undefined
  /** What the server or engine says of itself, where it tells: `vllm 0.11.0`. */
  readonly version?: string | undefined
  /** What an engine ran on, where it tells: a GPU's name. */
  readonly device?: string | undefined
  /** What a reader of the figures must know; each a sentence. */
  readonly notes: readonly string[]
  /** Whether the run was cut short. */
  readonly partial: boolean
  /** Why the run was ended early by `abortOn`; absent where it was not. */
  readonly endedEarly?: string | undefined
  /** Whether answers came as streams: TTFT, TPOT and ITL exist only then. */
  readonly streamed: boolean
  /** Whether requests were sent by a schedule that waits for no answer: latencies from the schedule exist only then. */
  readonly openLoop?: boolean | undefined
  /** What the client measured of itself; absent where an engine was driven without one. */
  readonly client?: ClientFacts | undefined
  /** The answers' texts, where the workload keeps them. */
  readonly answers?: readonly KeptAnswer[] | undefined
  /** Batches of a rollout with their times, in order of their index. */
  readonly batches?: readonly BatchTime[] | undefined
}

/** A sample of delays, reduced. In ms. */
export interface DelayFacts {
  readonly p50: number
  readonly p99: number
  readonly max: number
}

/** How busy one load worker was. */
export interface WorkerFacts {
  /** CPU time of its thread over wall time; absent where Node can't tell. */
  readonly cpuShare?: number
  /** Share of the time in which its event loop was not waiting. */
  readonly utilization: number
}

/** Pauses of one kind. */
export interface PauseFacts {
  readonly count: number
  readonly longestMs: number
  readonly totalMs: number
}

/** How the client fared while it put the load on the server. */
export interface ClientFacts {
  /** Seconds that this is about. */
  readonly seconds: number
  /** Cores that the process may use. */
  readonly cores: number
  /** The threads that sent the load. */
  readonly workers: readonly WorkerFacts[]
  /** How long first tokens (or, where nothing streams, answers) of completed requests can have lain unread at most. */
  readonly lag?: DelayFacts
  /** Times in which an event loop stood still, of all workers. */
  readonly stalls: PauseFacts
  readonly gc: PauseFacts
  /** By how much requests came up for sending later than scheduled (open loop); waits for `maxConcurrency` are not in it. */
  readonly lateness?: DelayFacts
  /** Requests a second as scheduled, and as sent; open loop. */
  readonly rate?: { readonly asked: number; readonly achieved: number }
  /** Requests in flight at once that the workload allows, and the most that there were. */
  readonly concurrency: { readonly asked?: number; readonly achieved: number }
  /** Connections that were opened for requests. */
  readonly connections: number
  /** Connections that waited for requests when the load began; absent where none were to be opened ahead. */
  readonly openedAhead?: number
  /** Files, and so connections, that the process may have open; absent where the system does not tell. */
  readonly openFiles?: number
}

/** The text of a completed answer. */
export interface KeptAnswer {
  /** Row of the dataset. */
  readonly promptIndex: number
  /** Which of the row's user turns it answers, in a conversation of several. */
  readonly turn?: number
  /** Which of a prompt's n answers. */
  readonly sampleIndex: number
  readonly text: string
}

/** How a finished batch's time is counted: first send to last response. */
export interface BatchTime {
  readonly index: number
  readonly startNs: number
  readonly endNs: number
}

/** Failures of one kind: how many, and the first one's message. */
export interface ErrorCount {
  readonly kind: ErrorKind
  readonly count: number
  readonly example: string
}

/** Who counted the tokens. */
export type TokenSource =
  /** The server's own usage, or the engine itself. */
  | 'server'
  /** A `tokenizer.json` that the user named or that comes with the engine. */
  | 'tokenizer'
  /** The bundled default tokenizer, which may not be the server's. */
  | 'bundled'
  /** Chunks were counted for want of anything better. */
  | 'chunks'

export interface TokenSources {
  readonly output: TokenSource
  readonly input: TokenSource
  /** Name of the tokenizer where one was used. */
  readonly tokenizer?: string | undefined
  /**
   * What the server's own counters grew by during the load (`/metrics`), by all who use it; absent where it has none, or where
   * the run was cut short.
   */
  readonly serverCounted?: CountedTokens | undefined
}

/** Tokens as a server counts them. */
export interface CountedTokens {
  /** Of prompts; what came from a prefix cache is in it with some servers and not with others. */
  readonly input: number
  readonly output: number
}

export interface DatasetFacts {
  /** For people: kind and file name. */
  readonly name: string
  readonly rows: number
  /** Digest of the rows' content. */
  readonly digest: string
  /** Whether there were more requests than rows, so that rows were used again. */
  readonly wrapped: boolean
}

/** One case of a static batch. Times in seconds are derived; these are nanoseconds. */
export interface BatchCase {
  readonly batch: number
  readonly inputLength: number
  readonly outputLength: number
  /** Absent where the case was skipped. */
  readonly prefillNs?: number | undefined
  /** Output length − 1 steps. */
  readonly decodeNs: readonly number[]
  /** Sequences in each forward pass, the prefill first: proof that every pass held the whole batch. */
  readonly sequencesPerDecode?: readonly number[] | undefined
  /** Why the case did not run. */
  readonly skipped?: string | undefined
}

/** What a one-batch run hands over. */
export interface BatchRecord {
  readonly kind: 'oneBatch'
  readonly cases: readonly BatchCase[]
  /** Share of tokens on which batched and single greedy decoding agree, 0 to 1; absent where it was not asked for. */
  readonly agreement?: number | undefined
  readonly model?: string | undefined
  /** What the engine says of itself. */
  readonly version?: string | undefined
  /** What an engine ran on, where it tells: a GPU's name. */
  readonly device?: string | undefined
  readonly notes: readonly string[]
  readonly partial: boolean
}

export type RunRecord = RequestRecord | BatchRecord
