import { z } from 'zod'
import { wholeNumber } from './options.ts'

/** How often a workload is run. */
export interface Repeats {
  /** Runs that `.run()` does, one after another. */
  readonly min: number
  /** Runs up to which an assertion that can't decide takes more. */
  readonly max: number
}

/** An option that every workload takes. */
export interface RepeatOptions {
  /**
   * Runs, one after another: a number, or `{ min, max }`, where an assertion that compares has the workload run again while it
   * can't decide (default: 1).
   */
  repeats?: number | { min: number; max: number }
}

const REPEATS = 'expected a whole number of runs, or { min, max }'

export const repeatsOption = z
  .union([
    wholeNumber(1).transform((runs) => ({ min: runs, max: runs })),
    z
      .strictObject({ min: wholeNumber(1), max: wholeNumber(1) }, { error: REPEATS })
      .refine(({ min, max }) => min <= max, { error: 'expected `min` of at most `max`', path: ['min'] }),
  ])
  .default({ min: 1, max: 1 })
  .transform((value): Repeats => value)

/** Whether a workload may be run more than once. */
export function isRepeated({ max }: Repeats): boolean {
  return max > 1
}

/** Which of its runs a run is, in words: `run 2 of 3`; beyond the least number of them, `run 4 of up to 10`. */
export function repeatText(index: number, { min, max }: Repeats): string {
  return index < min ? `run ${index + 1} of ${min}` : `run ${index + 1} of up to ${max}`
}
