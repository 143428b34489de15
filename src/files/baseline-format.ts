import { z } from 'zod'
import { BASELINE_VERSION } from '../verdict/baseline.ts'
import type { Baseline } from '../verdict/baseline.ts'

const count = z.int().min(0)
const text = z.string().min(1)

/** Loose where later versions may know more of a figure: what this one does not know is kept. */
const figure = z.looseObject({
  value: z.number(),
  standardError: z.number().min(0).exactOptional(),
  fewSamples: z.object({ have: count, need: count }).exactOptional(),
})

const binned = z.strictObject({ count, bins: z.string() })

const run = z.strictObject({
  startedAt: z.iso.datetime(),
  figures: z.record(z.string(), figure),
  distributions: z.partialRecord(z.enum(['ttft', 'tpot', 'itl', 'e2e', 'outputLength']), binned).exactOptional(),
})

const baseline = z.strictObject({
  version: z.literal(BASELINE_VERSION),
  bench: z.strictObject({ file: text, test: text, name: text }),
  cohort: z.record(z.string(), z.string()),
  runs: z.array(run).min(1),
})

type Migration = (document: Record<string, unknown>) => Record<string, unknown>

/**
 * How each version becomes the next, from 0. In version 0 a figure is its value alone, `"ttft.p99": 123.4`: the form for baselines that
 * come from elsewhere.
 */
const MIGRATIONS: readonly Migration[] = [
  ({ runs, ...rest }) => ({
    ...rest,
    version: 1,
    runs: Array.isArray(runs) ? runs.map((run: unknown) => (isRecord(run) ? { ...run, figures: withValues(run['figures']) } : run)) : runs,
  }),
]

function withValues(figures: unknown): unknown {
  if (!isRecord(figures)) return figures
  return Object.fromEntries(Object.entries(figures).map(([name, value]) => [name, typeof value === 'number' ? { value } : value]))
}

/**
 * Reads the text of a baseline's file, of this version or an earlier one.
 * @returns the baseline, or why it is none
 */
export function parseBaseline(source: string): Baseline | { readonly problem: string; readonly newer?: boolean } {
  const conflict = source.split('\n').findIndex((line) => /^(?:<{7}|={7}|>{7})(?: |$)/.test(line))
  if (conflict !== -1) return { problem: `line ${conflict + 1} is the mark of a merge conflict` }
  let document: unknown
  try {
    document = JSON.parse(source)
  } catch (error) {
    return { problem: `it is no JSON (${(error as Error).message})` }
  }
  if (!isRecord(document)) return { problem: 'it is no object' }
  const { version } = document
  if (!Number.isInteger(version) || (version as number) < 0) return { problem: '`version` is missing, or is no whole number' }
  if ((version as number) > BASELINE_VERSION) {
    return {
      problem: `it is of version ${String(version)}, and this vitest-llm-bench knows versions up to ${BASELINE_VERSION}`,
      newer: true,
    }
  }
  const migrated = MIGRATIONS.slice(version as number).reduce((older, migrate) => migrate(older), document)
  const parsed = baseline.safeParse(migrated)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  return { problem: `\`${placeOf(issue!.path)}\`: ${issue!.message}` }
}

/** `runs[2].figures["ttft.p99"].value` */
function placeOf(path: readonly PropertyKey[]): string {
  const place = path.map((key) => {
    if (typeof key === 'number') return `[${key}]`
    return /^\w+$/.test(String(key)) ? `.${String(key)}` : `[${JSON.stringify(key)}]`
  })
  return place.join('').replace(/^\./, '') || 'the file'
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
