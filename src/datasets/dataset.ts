import type { Tokenizer } from './tokenizer.ts'

/** Prompts, read and ready. */
export interface Dataset {
  /** For people: kind and file name, e.g. `sharegpt samples_1024.json`. */
  readonly name: string
  readonly rows: readonly DatasetRow[]
  /** Digest of the rows' content, 16 hex digits. */
  readonly digest: string
  /** What a reader of the figures must know (rows left out and why). */
  readonly notes: readonly string[]
}

/** One conversation or prompt. */
export interface DatasetRow {
  /** The messages up to the answer; the last is the user's. */
  readonly messages: readonly ChatMessage[]
  /** The user's messages of the whole conversation, for workloads that carry real answers forward. */
  readonly userTurns: readonly string[]
  /** Tokens of the answers that the dataset expects, one a user turn, so that the last belongs to `messages`; absent where it carries none. */
  readonly outputTokens?: readonly number[] | undefined
  /** Tokens of all `messages` where the dataset's loader counted them. */
  readonly promptTokens?: number | undefined
}

export interface ChatMessage {
  readonly role: 'system' | 'user' | 'assistant'
  readonly content: string
}

/** What loaders need from outside. */
export interface DatasetContext {
  /** Absolute folder that relative paths resolve against. */
  readonly root: string
  /** Loaded on first use: not every dataset counts tokens. */
  readonly tokenizer: () => Promise<Tokenizer>
  /** Rows that the workload will use at most (a rollout's `limit`), so that files are read no further. */
  readonly limit?: number | undefined
  /** User turns that the workload wants in each conversation. */
  readonly turns?: number | undefined
}
