import type { Validity } from '../metrics/validity.ts'
import type { Cohort } from './cohort.ts'
import type { BinnedSample } from './statistics/histogram.ts'

/** Version of {@link RunSample}, in `sample.json` and in baselines. */
export const SAMPLE_VERSION = 1

/** File of a run's folder that holds its sample. */
export const SAMPLE_FILE = 'sample.json'

/** One run, reduced to what another run is compared with. JSON-safe. */
export interface RunSample {
  version: typeof SAMPLE_VERSION
  /** The bench that the run is one of. */
  bench: BenchName
  /** Start of the run as ISO time. */
  startedAt: string
  cohort: Cohort
  /** Whether the run was cut short: then it is compared with nothing. */
  partial: boolean
  /** Absent where no client measured itself. */
  validity?: Validity
  /** What speaks against the run; absent where nothing does. */
  reasons?: string[]
  /** By the names that assertions use; of a static batch, `prefillTokensPerSecond[batch 8, in 1024, out 1]`. */
  figures: Record<string, FigureSample>
  /** How single requests (ITL: gaps) were spread over the whole run, in ms and tokens; absent where the run has none. */
  distributions?: Partial<Record<BinnedName, BinnedSample>>
}

/** What a sample keeps the spread of. */
export type BinnedName = 'ttft' | 'tpot' | 'itl' | 'e2e' | 'outputLength'

/** What tells a bench from all others; the same in every run. */
export interface BenchName {
  /** Relative to the root, with `/`. */
  file: string
  /** Full name of the test, its `describe`s included. */
  test: string
  name: string
}

/** Whether two names are of the same bench. */
export function isSameBench(a: BenchName, b: BenchName): boolean {
  return a.file === b.file && a.test === b.test && a.name === b.name
}

/** One figure of one run. */
export interface FigureSample {
  /** In the metric's unit; shares are 0 to 1. */
  value: number
  /**
   * Standard error of the value from within the run, in the same unit; absent where the run does not tell. It says how well this
   * run knows its own figure, and nothing of how runs differ from one another.
   */
  standardError?: number
  /** Of a share: how many it is a share of, such as the requests of a success rate; absent where that is not known. */
  of?: number
  /** Where the sample is too small to support the figure. */
  fewSamples?: { have: number; need: number }
}
