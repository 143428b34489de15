import type { EmbeddedTargetSpec } from '../../dsl/targets.ts'

/** What the parent writes to the child's stdin, as one line of JSON; after it the pipe only tells that the parent lives. */
export interface StartMessage {
  readonly spec: EmbeddedTargetSpec
  /** Absolute folder that a relative model path resolves against. */
  readonly root: string
}

/** What the child writes to stdout once, as one line of JSON after {@link REPORT_MARK}. */
export type StartReport =
  | {
      readonly type: 'ready'
      readonly port: number
      readonly model: string
      readonly version: string
      readonly tokenizer?: string | undefined
    }
  | { readonly type: 'failed'; readonly message: string }

/** Tells the report from what native code may print. */
export const REPORT_MARK = 'embedded-server-report '
