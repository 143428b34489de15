import type { RunReport } from '../../src/files/run-report.ts'
import type { Comparison } from '../../src/verdict/comparison.ts'
import type { Verdict } from '../../src/verdict/verdict.ts'
import { LATENCIES, RATES } from '../../src/metrics/metric-names.ts'
import { benchRuns } from '../bench-runs.ts'
import type { BenchRuns } from '../bench-runs.ts'
import { verdictText } from '../figures.ts'
import type { RunModel, TestModel } from '../model.ts'
import { runStateOf } from '../outcome.ts'
import { figuresOf, tokensText } from '../run-facts.ts'
import type { Held } from './holding-cases.ts'

export interface Property {
  name: string
  value: string
}

/** What holds for the whole run. */
export function suiteProperties(model: RunModel): Property[] {
  return [
    property('generator', `${model.generator.name} ${model.generator.version}`),
    property('vitest', model.vitestVersion),
    property('partial', model.partial),
    property('results', model.resultsFolder),
    ...Object.entries(model.environment).map(([name, value]) => property(`environment.${name}`, value)),
  ]
}

/**
 * Facts and figures of a test's runs, of repeats of the one that stands for all. Figures have the names that they have in code; latencies end in `_ms`, all others say
 * their unit themselves, shares are 0 to 1. Where a test has several runs, names begin with the bench; those of an earlier
 * attempt begin with `attempt1/`.
 */
export function benchProperties(test: TestModel): Property[] {
  return [
    ...testProperties(test),
    ...labelledBenches(test.runs).flatMap(({ prefix, bench }) =>
      [...runProperties(bench.standing), ...figureProperties(bench.standing), ...repeatProperties(bench)].map(({ name, value }) =>
        property(`${prefix}${name}`, value),
      ),
    ),
    ...test.benchmarks.flatMap((benchmark) => [
      property(`${benchmark.name}/mean_ms`, plainNumber(benchmark.meanMs)),
      property(`${benchmark.name}/operationsPerSecond`, plainNumber(benchmark.operationsPerSecond)),
      property(`${benchmark.name}/samples`, benchmark.samples),
    ]),
  ]
}

/** What a threshold was held against; limit and measured value in the given unit, shares 0 to 1. */
export function thresholdProperties(
  test: TestModel,
  verdict: Verdict,
  run: RunReport | undefined,
  earlier: readonly Verdict[],
): Property[] {
  return [
    property('metric', verdict.metric),
    property('unit', verdict.unit === '%' ? 'share' : verdict.unit),
    property('direction', verdict.direction),
    property('limit', plainNumber(verdict.limit)),
    ...(verdict.measured === undefined ? [] : [property('measured', plainNumber(verdict.measured))]),
    ...(verdict.margin === undefined ? [] : [property('margin', plainNumber(verdict.margin))]),
    ...(verdict.median === undefined ? [] : [property('medianOf', verdict.median.runs)]),
    property('verdict', verdict.state),
    ...(verdict.negated === true ? [property('negated', true)] : []),
    ...(verdict.fewSamples === undefined ? [] : [property('fewSamples', `${verdict.fewSamples.have} of ${verdict.fewSamples.need}`)]),
    ...earlier.map((verdict) => property(`attempt${verdict.attempt + 1}`, `${verdict.state}: ${verdictText(verdict)}`)),
    property('bench', verdict.bench),
    ...testProperties(test),
    ...(run === undefined ? [] : runProperties(run)),
  ]
}

/** What was held against what; figures in the given unit, changes and `within` as shares of 1. */
export function holdingProperties(
  test: TestModel,
  { holding, comparison }: Held,
  run: RunReport | undefined,
  earlier: readonly Held[],
): Property[] {
  return [
    property('against', holding.against),
    property('verdict', comparison?.state ?? holding.state),
    property('inconclusiveCountsAs', holding.inconclusive),
    ...(comparison === undefined ? [] : comparisonProperties(comparison)),
    ...holding.differences.flatMap(({ axis, reference, measured }) =>
      [
        { side: 'reference', value: reference },
        { side: 'measured', value: measured },
      ].flatMap(({ side, value }) => (value === undefined ? [] : [property(`differs.${axis}.${side}`, value)])),
    ),
    ...earlier.map(({ attempt, holding, comparison }) =>
      property(`attempt${attempt + 1}`, comparison === undefined ? holding.state : `${comparison.state}: ${comparison.message}`),
    ),
    property('bench', holding.bench),
    ...testProperties(test),
    ...(run === undefined ? [] : runProperties(run)),
  ]
}

function comparisonProperties({ metric, unit, direction, within, change, interval, runsToSettle, ...sides }: Comparison): Property[] {
  return [
    property('metric', metric),
    property('unit', unit === '%' ? 'share' : unit),
    property('direction', direction),
    property('within', plainNumber(within)),
    ...(['reference', 'measured'] as const).flatMap((name) => {
      const side = sides[name]
      return side === undefined ? [] : [property(name, plainNumber(side.value)), property(`${name}.runs`, side.runs)]
    }),
    ...(change === undefined ? [] : [property('change', plainNumber(change))]),
    ...(interval === undefined
      ? []
      : [property('change.low', plainNumber(interval[0])), property('change.high', plainNumber(interval[1]))]),
    ...(runsToSettle === undefined ? [] : [property('runsToSettle', runsToSettle)]),
  ]
}

function testProperties(test: TestModel): Property[] {
  return [
    ...(test.project === '' ? [] : [property('project', test.project)]),
    property('attempts', test.attempts),
    property('flaky', test.flaky),
  ]
}

function runProperties(run: RunReport): Property[] {
  const { metrics, target } = run
  return [
    property('attempt', run.attempt + 1),
    property('workload', run.workload.kind),
    property('workloadDigest', run.workloadDigest),
    property('target', target.kind),
    ...(target.address === undefined ? [] : [property('address', target.address)]),
    ...(target.model === undefined ? [] : [property('model', target.model)]),
    ...(target.version === undefined ? [] : [property('version', target.version)]),
    ...(metrics.kind === 'oneBatch'
      ? []
      : [
          property('tokens', tokensText(run) ?? ''),
          property('tokens.output', metrics.tokens.output),
          property('tokens.input', metrics.tokens.input),
          ...(metrics.tokens.serverCounted === undefined
            ? []
            : [
                property('tokens.serverCounted.output', metrics.tokens.serverCounted.output),
                property('tokens.serverCounted.input', metrics.tokens.serverCounted.input),
              ]),
          property('dataset', metrics.dataset.name),
          property('dataset.digest', metrics.dataset.digest),
          property('dataset.wrapped', metrics.dataset.wrapped),
          ...(metrics.client === undefined ? [] : [property('client.validity', metrics.client.validity)]),
          ...(metrics.client?.reasons.length ? [property('client.reasons', metrics.client.reasons.join('; '))] : []),
        ]),
    property('partial', run.partial),
    property('folder', run.folder),
  ]
}

function figureProperties({ metrics }: RunReport): Property[] {
  const errors = metrics.kind === 'oneBatch' ? [] : metrics.errors
  return [
    ...figuresOf(metrics).map(({ name, value, unit }) => property(unit === 'ms' ? `${name}_ms` : name, plainNumber(value))),
    ...errors.map(({ kind, count }) => property(`errors.${kind}`, count)),
  ]
}

/** Figures by which repeats are told apart. */
const REPEAT_FIGURES: ReadonlySet<string> = new Set([...RATES, ...LATENCIES.map((latency) => `${latency}.median`)])

/** Of several repeats: how many there are, which one's figures the others are, and what each comes to. */
function repeatProperties({ runs, standing }: BenchRuns): Property[] {
  if (standing.repeat === undefined) return []
  return [
    property('runs', runs.length),
    property('run', runs.indexOf(standing) + 1),
    ...runs.flatMap((run, i) => [
      property(`run${i + 1}/folder`, run.folder),
      property(`run${i + 1}/state`, runStateOf(run)),
      ...figuresOf(run.metrics)
        .filter(({ name }) => REPEAT_FIGURES.has(name) || /^overallTokensPerSecond\b/.test(name))
        .map(({ name, value, unit }) => property(`run${i + 1}/${unit === 'ms' ? `${name}_ms` : name}`, plainNumber(value))),
    ]),
  ]
}

function labelledBenches(runs: readonly RunReport[]): { prefix: string; bench: BenchRuns }[] {
  const benches = benchRuns(runs)
  const several = new Set(runs.map((run) => run.attempt)).size < benches.length
  const last = Math.max(...runs.map((run) => run.attempt))
  const used = new Map<string, number>()
  return benches.map((bench) => {
    const attempt = bench.standing.attempt < last ? `attempt${bench.standing.attempt + 1}/` : ''
    const prefix = several ? `${attempt}${bench.standing.bench}/` : attempt
    const times = (used.get(prefix) ?? 0) + 1
    used.set(prefix, times)
    return { prefix: times === 1 ? prefix : `${prefix.slice(0, -1)} (${times})/`, bench }
  })
}

function property(name: string, value: string | number | boolean): Property {
  return { name, value: String(value) }
}

/** No exponent, no thousands separator, no digits beyond what a clock can tell. */
function plainNumber(value: number): string {
  return value.toLocaleString('en-US', { useGrouping: false, maximumFractionDigits: 6 })
}
