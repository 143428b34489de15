import { z } from 'zod'
import { milliseconds, numberWithin, share } from './options.ts'

/** How far the client may have disturbed a run that counts as valid. Durations in ms, shares of 1. */
export interface ValidityLimits {
  /** First tokens may have lain unread for so long at p99, … */
  readonly lag: number
  /** … or for this share of the p99 TTFT without that time, whichever is longer. */
  readonly lagShare: number
  /** The longest time that the client may have stood still while requests were in flight. */
  readonly pause: number
  /** Open loop: requests may have come up so late at p99, … */
  readonly lateness: number
  /** … or by this share of the median E2E latency or of the mean time between two requests, whichever is longest. */
  readonly latenessShare: number
  /** Open loop: by this share the achieved rate may be below the one asked for. */
  readonly rateShortfall: number
  /** The server's own count of output tokens and what came with the answers may differ by this share of the larger one. */
  readonly tokens: number
  /** A run that is over a limit by more than this factor is no measurement of the server: it is client-bound. */
  readonly boundFactor: number
}

/** Limits of validity: durations as a number of ms or with their unit (`'5ms'`), shares as `'5%'` or 0 to 1. */
export interface ValidityOptions {
  /** First tokens may have lain unread in the client for so long at p99 (default: `'5ms'`), … */
  lag?: number | string
  /** … or for this share of the p99 TTFT, whichever is longer (default: `'5%'`). */
  lagShare?: number | string
  /** The longest time that the client may have stood still while requests were in flight (default: `'250ms'`). */
  pause?: number | string
  /** Open loop: requests may have come up for sending so late at p99 (default: `'5ms'`), … */
  lateness?: number | string
  /** … or by this share of the median E2E latency or of the mean time between two requests, whichever is longest (default: `'5%'`). */
  latenessShare?: number | string
  /** Open loop: by this share the achieved rate may be below the one asked for (default: `'2%'`). */
  rateShortfall?: number | string
  /** The server's own count of output tokens and what came with the answers may differ by this share (default: `'2%'`). */
  tokens?: number | string
  /** Over a limit by more than this factor, a run is client-bound instead of degraded (default: 10). */
  boundFactor?: number
}

/** Some of the limits, checked. */
export type ValidityLimitsSpec = z.output<typeof validityOption>

/** Limits that the measurements in docs/validity.md justify. */
export const DEFAULT_VALIDITY: ValidityLimits = {
  lag: 5,
  lagShare: 0.05,
  pause: 250,
  lateness: 5,
  latenessShare: 0.05,
  rateShortfall: 0.02,
  tokens: 0.02,
  boundFactor: 10,
}

export const validityOption = z.strictObject({
  lag: milliseconds.optional(),
  lagShare: share.optional(),
  pause: milliseconds.optional(),
  lateness: milliseconds.optional(),
  latenessShare: share.optional(),
  rateShortfall: share.optional(),
  tokens: share.optional(),
  boundFactor: numberWithin(1).optional(),
})

/** The limits that hold: those given first come first, the defaults last. */
export function validityLimits(...given: readonly (ValidityLimitsSpec | undefined)[]): ValidityLimits {
  const named = given.toReversed().flatMap((limits) => Object.entries(limits ?? {}).filter(([, value]) => value !== undefined))
  return { ...DEFAULT_VALIDITY, ...(Object.fromEntries(named) as Partial<ValidityLimits>) }
}
