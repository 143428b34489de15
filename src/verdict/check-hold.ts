import { nearest, show } from '../dsl/options.ts'
import { LlmBenchError } from '../errors.ts'
import type { MetricDefinition } from '../metrics/metric-names.ts'
import { METRICS } from '../metrics/metric-names.ts'
import { present } from '../metrics/present.ts'
import { caseOfFigure, matchesCase, selectorLabel } from './case-labels.ts'
import { checkCase } from './check-slo.ts'
import type { Clause } from './clause.ts'
import type { Inconclusive } from './holding.ts'
import { flattenMetrics } from './metric-paths.ts'
import { QUALITY_CLAUSES } from './quality.ts'
import type { RunSample } from './run-sample.ts'
import type { CaseSelector } from './slo-types.ts'

/** What a matcher of holding was given, checked. */
export interface CheckedHold {
  /** Empty where none was named: then the set that fits the kind of run. */
  readonly metrics: readonly { readonly metric: MetricDefinition; readonly within: number }[]
  readonly across: readonly string[]
  readonly inconclusive: Inconclusive
  readonly case?: CaseSelector
  readonly allowFewSamples: boolean
  /** Whether the answers are held too: their lengths, how they ended, whether there were any. */
  readonly quality: boolean
  readonly falseAlarm?: number
  readonly miss?: number
}

/** What is held where no metric is named: figures that a user notices, by how much he does. */
const DEFAULTS: Readonly<Record<MetricDefinition['of'], Readonly<Record<string, number>>>> = {
  requests: {
    outputTokensPerSecond: 0.05,
    'ttft.p50': 0.1,
    'ttft.p99': 0.2,
    'tpot.p50': 0.05,
    'tpot.p99': 0.1,
    'e2e.p50': 0.05,
    successRate: 0.01,
  },
  oneBatch: { prefillTokensPerSecond: 0.05, decodeTokensPerSecond: 0.05, agreement: 0.01 },
}

const CLAUSES = ['across', 'inconclusive', 'case', 'allowFewSamples', 'falseAlarm', 'miss', 'quality']
const INCONCLUSIVE: ReadonlySet<unknown> = new Set<Inconclusive>(['fail', 'warn', 'pass'])

/**
 * Checks what `toHoldBaseline()` and `toHoldAgainst()` take.
 * @param matcher for messages: `toHoldBaseline()`
 * @throws {LlmBenchError} `UNKNOWN_METRIC` or `INVALID_THRESHOLD`: names the place, the value and what is allowed
 */
export function checkHold(asked: unknown, matcher: string): CheckedHold {
  if (asked !== undefined && (typeof asked !== 'object' || asked === null || Array.isArray(asked))) {
    throw invalid(`${matcher} got ${show(asked)}: expected metrics, such as { outputTokensPerSecond: { within: '5%' } }, or nothing`)
  }
  const given = (asked ?? {}) as Record<string, unknown>
  const { across, inconclusive = 'warn', case: selector, allowFewSamples = false, quality = true, falseAlarm, miss, ...metrics } = given
  if (typeof allowFewSamples !== 'boolean') throw invalid(`\`allowFewSamples\` is ${show(allowFewSamples)}: expected true or false`)
  if (typeof quality !== 'boolean') throw invalid(`\`quality\` is ${show(quality)}: expected true or false`)
  if (!INCONCLUSIVE.has(inconclusive)) {
    throw invalid(`\`inconclusive\` is ${show(inconclusive)}: expected 'fail', 'warn' or 'pass'`)
  }
  return {
    metrics: flattenMetrics(metrics, matcher, CLAUSES).map(({ metric, value }) => ({ metric, within: withinOf(metric.name, value) })),
    across: checkAcross(across),
    inconclusive: inconclusive as Inconclusive,
    allowFewSamples,
    quality,
    ...present({
      case: selector === undefined ? undefined : checkCase(selector),
      falseAlarm: falseAlarm === undefined ? undefined : chanceOf('falseAlarm', falseAlarm),
      miss: miss === undefined ? undefined : chanceOf('miss', miss),
    }),
  }
}

/**
 * The figures that are compared: those asked for, for each case of a static batch that is meant, or the set that fits the kind of
 * run, as far as the reference has the figure and both samples support it; and what guards the answers' quality.
 * @throws {LlmBenchError} `INVALID_THRESHOLD` where cases are asked of a run of requests
 */
export function clausesFor(hold: CheckedHold, reference: readonly RunSample[], measured: readonly RunSample[]): Clause[] {
  const runs = [...reference, ...measured]
  const names = [...new Set(runs.flatMap(({ figures }) => Object.keys(figures)))]
  const ofBatch = names.some((name) => caseOfFigure(name) !== undefined)
  if (hold.case !== undefined && !ofBatch) {
    throw invalid('`case` picks cases of oneBatch(), and this is a run of requests: leave it out')
  }
  const clauseOf = (name: string, { unit, direction }: MetricDefinition, within: number): Clause => ({
    metric: name,
    unit,
    direction,
    within,
    ...(hold.allowFewSamples ? { allowFewSamples: true } : {}),
  })
  const guards = hold.quality ? QUALITY_CLAUSES.filter(({ metric }) => inAll(reference, metric)) : []
  if (hold.metrics.length > 0) {
    const asked = hold.metrics.flatMap(({ metric, within }) =>
      figuresOf(metric, names, hold.case, true).map((name) => clauseOf(name, metric, within)),
    )
    return [...asked, ...guards]
  }
  // What the reference has is to be there again: a server that tells no first token any more is no faster.
  const isHeld = (name: string): boolean =>
    inAll(reference, name) && (hold.allowFewSamples || runs.every(({ figures }) => figures[name]?.fewSamples === undefined))
  const defaults = Object.entries(DEFAULTS[ofBatch ? 'oneBatch' : 'requests']).flatMap(([metricName, within]) => {
    const metric = METRICS.get(metricName)!
    return figuresOf(metric, names, hold.case, false)
      .filter(isHeld)
      .map((name) => clauseOf(name, metric, within))
  })
  // Guards alone say nothing of what the bench is for.
  return defaults.length === 0 ? [] : [...defaults, ...guards]
}

function inAll(runs: readonly RunSample[], name: string): boolean {
  return runs.every(({ figures }) => figures[name] !== undefined)
}

/** The names under which samples have a metric. One that none has keeps its name where it was asked for: the comparison says so. */
function figuresOf(metric: MetricDefinition, names: readonly string[], selector: CaseSelector | undefined, asked: boolean): string[] {
  if (metric.of === 'requests' || metric.name === 'agreement') return [metric.name]
  const found = names.filter((name) => name.startsWith(`${metric.name}[`) && matchesCase(name, selector ?? {}))
  return found.length > 0 || !asked ? found : [`${metric.name}${selector === undefined ? '' : selectorLabel(selector)}`]
}

function checkAcross(across: unknown): string[] {
  if (across === undefined) return []
  const axes: unknown[] = Array.isArray(across) ? across : [across]
  const bad = axes.find((axis) => typeof axis !== 'string' || axis === '')
  if (axes.length > 0 && bad === undefined) return axes as string[]
  throw invalid(`\`across\` is ${show(across)}: expected an axis of the cohort, or a list of them, such as ['engine.version']`)
}

function withinOf(name: string, value: unknown): number {
  const place = typeof value === 'object' && value !== null ? `${name}.within` : name
  if (typeof value !== 'object' || value === null) return shareOf(place, value)
  const stranger = Object.keys(value).find((key) => key !== 'within')
  if (stranger !== undefined) {
    const near = nearest(stranger, ['within'])
    throw invalid(
      `\`${name}\` has no \`${stranger}\`: ${near ? `did you mean \`${near}\`?` : "it takes { within }, such as { within: '5%' }"}`,
    )
  }
  return shareOf(place, (value as { within?: unknown }).within)
}

const PERCENT = /^\s*(\d+(?:\.\d+)?)\s*%\s*$/

function shareOf(place: string, value: unknown): number {
  const share = typeof value === 'string' ? Number(PERCENT.exec(value)?.[1] ?? Number.NaN) / 100 : value
  const text = typeof value === 'string' ? `'${value}'` : show(value)
  if (typeof share !== 'number' || !Number.isFinite(share) || share <= 0) {
    throw invalid(`\`${place}\` is ${text}: expected the least change that matters, more than 0%, such as '5%' or 0.05`)
  }
  if (typeof value === 'number' && value >= 1) {
    throw invalid(`\`${place}\` is ${text}: a number is a share of 1; write ${value / 100} or '${value}%'`)
  }
  return share
}

function chanceOf(place: string, value: unknown): number {
  const chance = shareOf(place, value)
  if (chance < 0.5) return chance
  throw invalid(`\`${place}\` is ${show(value)}: expected a chance below 50%, such as '5%' or 0.05`)
}

function invalid(message: string): LlmBenchError {
  return new LlmBenchError('INVALID_THRESHOLD', message)
}
