import { z } from 'zod'
import { positiveSeconds, wholeNumber } from '../../dsl/options.ts'
import { portPlaceholders } from '../../dsl/ports.ts'
import { LlmBenchError } from '../../errors.ts'
import { mostTests } from '../../verdict/bisect.ts'
import { LEAST_RUNS } from '../../verdict/statistics/difference.ts'
import { holdFields, holdOf } from '../hold-flags.ts'
import { PLACEHOLDER, pickVersions } from './versions.ts'

/** Every flag of `bisect`. */
export const bisectSchema = z.strictObject({
  good: z.string().optional().describe('a version that is known to be good; all others are held against it'),
  bad: z.string().optional().describe('a later version that is slower'),
  versions: z.string().optional().describe('all versions from the oldest to the newest, with commas between'),
  versionsFrom: z.string().optional().describe('the same from a file, a version a line; - is standard input'),
  launch: z
    .string()
    .optional()
    .describe('a shell command that serves {version} on {port}; without it the suite starts its server itself, by LLM_BENCH_VERSION'),
  prepare: z.string().optional().describe('a shell command that is run before, such as an installation of {version}'),
  url: z.string().optional().describe('where the launched server speaks the OpenAI API (default: http://127.0.0.1:{port}/v1)'),
  readyTimeout: positiveSeconds.optional().describe('seconds that it may take to get ready (default: 1800)'),
  ...holdFields,
  repeats: z
    .string()
    .default('3..6')
    .describe('suite runs of a version: the least, and up to how many where they do not tell; the good version gets the most'),
  maxRuns: wholeNumber(1).optional().describe('suite runs in all; then the search ends with what it knows'),
  results: z.string().min(1).default('bench-results').describe('where the folder of the search is made'),
  resume: z.string().min(1).optional().describe('goes on with the search in this folder: give the same flags again'),
  json: z.boolean().default(false).describe('print the outcome as JSON'),
})

export type BisectFlags = z.output<typeof bisectSchema>

/** What a search is about. JSON-safe. */
export interface BisectPlan {
  /** From the good one to the bad one. */
  readonly versions: readonly string[]
  readonly launch?: string | undefined
  readonly prepare?: string | undefined
  readonly url?: string | undefined
  readonly readyTimeout?: number | undefined
  readonly metric: readonly string[]
  readonly within?: string | undefined
  readonly across: readonly string[]
  readonly repeats: { readonly min: number; readonly max: number }
  /** What `vitest bench --run` gets besides. */
  readonly benchArgs: readonly string[]
}

/** Axes of the cohort on which versions differ. */
export const VERSION_AXES = ['engine']

/**
 * Checks the flags of a new search.
 * @throws {LlmBenchError} `USAGE`, `UNKNOWN_METRIC`, `INVALID_THRESHOLD`
 */
export async function planOf(flags: BisectFlags, benchArgs: readonly string[], command: string): Promise<BisectPlan> {
  const { launch, prepare, url, readyTimeout, metric, within, across } = flags
  const versions = await pickVersions(flags, command)
  const shell = { launch, prepare }
  const told = Object.values(shell).some((text) => text?.includes(PLACEHOLDER))
  if (!told && Object.values(shell).some((text) => text !== undefined)) {
    throw usage(command, `neither --launch nor --prepare has ${PLACEHOLDER}: every version would be the same`)
  }
  if (launch === undefined && (url ?? readyTimeout) !== undefined) {
    throw usage(command, '--url and --ready-timeout are about the server of --launch: add that, or leave them out')
  }
  if (launch !== undefined && url === undefined && portPlaceholders(launch).length === 0) {
    throw usage(command, '--launch does not say {port}: put it where the server takes its port, or say where it listens by --url')
  }
  // What is wrong with the metrics is said now, not after hours.
  holdOf(flags, command)
  return { versions, launch, prepare, url, readyTimeout, metric, within, across, repeats: repeatsOf(flags.repeats, command), benchArgs }
}

/** Suite runs that the search takes at most, where every version starts and tells. */
export function mostRuns({ versions, repeats: { max } }: BisectPlan): number {
  return max * (1 + testsOf(versions))
}

/** Versions that are held against the good one at most, where each tells. */
export function testsOf(versions: readonly string[]): number {
  return 1 + mostTests(versions.length - 2)
}

const REPEATS = /^\s*(\d+)\s*(?:\.\.\s*(\d+)\s*)?$/

function repeatsOf(text: string, command: string): BisectPlan['repeats'] {
  const [, least, most = least] = REPEATS.exec(text) ?? []
  const [min, max] = [Number(least), Number(most)]
  if (Number.isNaN(min) || min > max) throw usage(command, `--repeats is ${text}: expected the least and the most, as in 3..6`)
  if (min < LEAST_RUNS) throw usage(command, `--repeats is ${text}: fewer than ${LEAST_RUNS} runs of a version decide nothing`)
  return { min, max }
}

function usage(command: string, message: string): LlmBenchError {
  return new LlmBenchError('USAGE', `${command}: ${message}`)
}
