import { z } from 'zod'
import { positiveSeconds, share, wholeNumber } from './options.ts'

/** Requests before the clock starts: how many, or for how long. */
export type WarmupSpec = { readonly requests: number } | { readonly duration: number }

/** Warm-up: a number of requests, or `{ requests }`, or `{ duration }` (seconds, or a string with its unit). */
export type WarmupOption = number | { requests: number } | { duration: number | string }

const WARMUP = 'expected a whole number of requests, { requests } or { duration }'

export const warmupOption = z
  .union([
    wholeNumber(0).transform((requests) => ({ requests })),
    z.strictObject({ requests: wholeNumber(0) }, { error: WARMUP }),
    z.strictObject({ duration: positiveSeconds }, { error: WARMUP }),
  ])
  .transform((value): WarmupSpec => value)

/** More threads than this are a slip of the pen. */
const MOST_WORKERS = 256

const WORKERS = { error: `expected 'auto' or a whole number from 1 to ${MOST_WORKERS}` }

export const workersOption = z.union([z.literal('auto'), z.int(WORKERS).min(1, WORKERS).max(MOST_WORKERS, WORKERS)], WORKERS)

/** When a run is hopeless and ends early. */
export interface AbortOnSpec {
  /** Share of failed requests, 0 to 1. */
  readonly errorRate?: number | undefined
  /** Failed requests in a row. */
  readonly consecutive?: number | undefined
}

/** Limits at which a run is ended early, as an error. */
export interface AbortOnOption {
  /** Share of failed requests that is too high: `'20%'`, or 0 to 1; judged from the 20th request on. */
  errorRate?: number | string
  /** So many failed requests in a row are too many. */
  consecutive?: number
}

export const abortOnOption = z
  .strictObject({
    errorRate: share.refine((value) => value > 0, { error: 'expected more than 0%' }).optional(),
    consecutive: wholeNumber(1).optional(),
  })
  .refine(({ errorRate, consecutive }) => errorRate !== undefined || consecutive !== undefined, {
    error: "expected `errorRate`, `consecutive` or both, such as { errorRate: '20%', consecutive: 50 }",
  })
