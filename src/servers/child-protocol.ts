/** What the parent writes to a server's stdin, as one line of JSON; after it the pipe only tells that the parent lives. */
export interface StartMessage<Spec> {
  readonly spec: Spec
  /** Absolute folder that relative paths of the spec resolve against. */
  readonly root: string
  /** Left out: a free one. */
  readonly port?: number | undefined
}

/** What a server tells of itself when it listens. */
export interface ServerReport {
  readonly port: number
  readonly model: string
  readonly version: string
  readonly tokenizer?: string | undefined
}

/** What the child writes to stdout once, as one line of JSON after {@link REPORT_MARK}. */
export type StartReport = ({ readonly type: 'ready' } & ServerReport) | { readonly type: 'failed'; readonly message: string }

/** Tells the report from what native code may print. */
export const REPORT_MARK = 'llm-bench-server-report '
