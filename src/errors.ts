/** What went wrong, as a stable string that programs can switch on. */
export type ErrorCode =
  | 'INVALID_OPTION'
  | 'INVALID_THRESHOLD'
  | 'UNKNOWN_METRIC'
  | 'FEW_SAMPLES'
  | 'METRIC_ABSENT'
  | 'DATASET'
  | 'TARGET'
  | 'ENGINE'
  | 'SERVER'
  | 'RESULTS'
  | 'USAGE'
  | 'RUN_FAILED'
  | 'CLIENT_BOUND'
  | 'CANCELLED'
  | 'TOKENIZER'
  | 'BASELINE'
  | 'COMMENT'

/** Every error that this package throws on purpose: a clear message with the way out, and a stable `code`. */
export class LlmBenchError extends Error {
  readonly code: ErrorCode

  constructor(code: ErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.name = 'LlmBenchError'
    this.code = code
  }
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
