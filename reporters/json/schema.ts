import { z } from 'zod'
import type { TokenSource } from '../../src/metrics/record.ts'
import type { WorkloadSpec } from '../../src/dsl/workload-spec.ts'
import { ERROR_KINDS } from '../../src/metrics/columns.ts'
import type { ErrorKind } from '../../src/metrics/columns.ts'
import type { Validity } from '../../src/metrics/validity.ts'
import { REPORT_VERSION } from '../../src/files/run-report.ts'

const count = z.int().min(0)

const distribution = z
  .object({
    count,
    requests: count.describe('of pooled samples (itl): requests that they come from').exactOptional(),
    min: z.number(),
    max: z.number(),
    mean: z.number(),
    median: z.number(),
    std: z.number().describe('population standard deviation'),
    p50: z.number(),
    p75: z.number(),
    p90: z.number(),
    p95: z.number(),
    p99: z.number(),
    'p99.9': z.number(),
  })
  .describe('Statistics of a sample; percentiles by linear interpolation, also where the sample is too small to support them')

const optionalDistribution = distribution.exactOptional()
const rate = z.number().exactOptional()

const rates = {
  requestsPerSecond: rate,
  outputTokensPerSecond: rate,
  totalTokensPerSecond: rate,
}

const latencies = {
  ttft: optionalDistribution.describe('time to first token, ms'),
  ttfo: optionalDistribution.describe('time to first answer token, ms'),
  tpot: optionalDistribution.describe('time per output token, ms'),
  itl: optionalDistribution.describe('gaps between tokens or chunks, pooled, ms'),
  e2e: optionalDistribution.describe('end-to-end latency, ms'),
}

const errorKind = z.enum(ERROR_KINDS.filter((kind): kind is ErrorKind => kind !== ''))
const tokenSource = z.enum(['server', 'tokenizer', 'bundled', 'chunks'] satisfies TokenSource[])

const delays = z.object({ p50: z.number(), p99: z.number(), max: z.number() })
const pauses = z.object({ count, longestMs: z.number(), totalMs: z.number() })

const client = z
  .object({
    validity: z
      .enum(['valid', 'degraded', 'client-bound'] satisfies Validity[])
      .describe("degraded: the client disturbed the figures; client-bound: they are not the server's"),
    reasons: z.array(z.string()),
    seconds: z.number(),
    cores: count,
    workers: z
      .array(
        z.object({
          cpuShare: z.number().describe('CPU time of the thread over wall time').exactOptional(),
          utilization: z.number().describe('share of the time in which its event loop was not waiting'),
        }),
      )
      .describe('the threads that sent the load'),
    lag: delays.describe('how long first tokens can have lain unread at most, ms').exactOptional(),
    stalls: pauses.describe('times in which an event loop of its workers stood still while requests were in flight'),
    gc: pauses,
    lateness: delays.describe('open loop: how much later than scheduled requests came up for sending, ms').exactOptional(),
    rate: z.object({ asked: z.number(), achieved: z.number() }).describe('open loop: requests a second').exactOptional(),
    concurrency: z.object({ asked: count.exactOptional(), achieved: count }).describe('requests in flight'),
    connections: count.describe('connections that were opened for requests'),
    openedAhead: count.describe('connections that waited for requests when the load began').exactOptional(),
    openFiles: count.describe('files that the process may have open').exactOptional(),
  })
  .describe('what the client measured of itself')

const requestMetrics = z.object({
  kind: z.literal('requests'),
  requests: count.describe('requests that were started'),
  completed: count,
  failed: count,
  successRate: z.number().min(0).max(1),
  wallSeconds: z.number(),
  inputTokens: count.exactOptional(),
  outputTokens: count.exactOptional(),
  ...rates,
  ...latencies,
  perUserTokensPerSecond: optionalDistribution,
  scheduleDelay: optionalDistribution.describe('sent − scheduled, ms'),
  connect: optionalDistribution.describe('opening a connection, over the requests that opened one, ms'),
  inputLength: optionalDistribution.describe('tokens'),
  outputLength: optionalDistribution.describe('tokens'),
  fromSchedule: z
    .object({ ttft: optionalDistribution, e2e: optionalDistribution })
    .describe('latencies that count from the schedule, ms')
    .exactOptional(),
  steady: z
    .object({ ...rates, ...latencies, seconds: z.number(), completed: count })
    .describe('the steady window; absent where it is empty')
    .exactOptional(),
  itlBetween: z.enum(['tokens', 'chunks']).exactOptional(),
  answersInOneRead: count.describe('completed answers whose tokens all came in one read: they have no TPOT and ITL').exactOptional(),
  finishReasons: z.record(z.string(), count),
  errors: z.array(z.object({ kind: errorKind, count, example: z.string() })),
  tokens: z.object({
    output: tokenSource,
    input: tokenSource,
    tokenizer: z.string().optional(),
    serverCounted: z
      .object({ input: count, output: count })
      .optional()
      .describe("what the server's own counters grew by during the load, by all who use it"),
  }),
  dataset: z.object({ name: z.string(), rows: count, digest: z.string(), wrapped: z.boolean() }),
  client: client.exactOptional(),
})

const caseSize = { batch: count, inputLength: count, outputLength: count }

const batchMetrics = z.object({
  kind: z.literal('oneBatch'),
  cases: z.array(
    z.object({
      ...caseSize,
      prefillLatency: rate.describe('ms'),
      prefillTokensPerSecond: rate,
      medianDecodeLatency: rate.describe('ms'),
      decodeTokensPerSecond: rate,
      totalLatency: rate.describe('ms'),
      overallTokensPerSecond: rate,
      skipped: z.string().exactOptional(),
    }),
  ),
  agreement: z.number().min(0).max(1).describe('tokens on which batched and single greedy decoding agree').exactOptional(),
})

const run = z.object({
  version: z.literal(REPORT_VERSION),
  bench: z.string(),
  attempt: count.describe('retry attempt, from 0'),
  workload: z
    .looseObject({ kind: z.enum(['rollout', 'clients', 'requestRate', 'offline', 'oneBatch'] satisfies WorkloadSpec['kind'][]) })
    .describe('the workload with all its options, secrets left out'),
  workloadDigest: z.string().describe('equal digests mean equal load'),
  cohort: z.record(z.string(), z.string()).describe('what runs that are compared with this one must have in common with it'),
  target: z.object({
    kind: z.string(),
    address: z.string().exactOptional(),
    model: z.string().exactOptional(),
    version: z.string().exactOptional(),
    device: z.string().describe('what an engine ran on, where it tells').exactOptional(),
  }),
  metrics: z.discriminatedUnion('kind', [requestMetrics, batchMetrics]),
  folder: z.string(),
  startedAt: z.iso.datetime(),
  durationMs: z.number(),
  partial: z.boolean(),
  repeat: z.object({ index: count }).describe("which of the bench's repeats it is, from 0").exactOptional(),
  notes: z.array(z.string()),
  cases: z
    .array(z.object({ ...caseSize, prefillNs: z.number().optional(), decodeNs: z.array(z.number()), skipped: z.string().optional() }))
    .describe('times of every step of a one-batch run')
    .exactOptional(),
})

const unit = z.enum(['ms', 'tok/s', 'req/s', '%', ''])

const verdict = z.object({
  bench: z.string(),
  metric: z.string(),
  threshold: z.string(),
  state: z.enum(['pass', 'fail', 'error']),
  negated: z.boolean().exactOptional(),
  direction: z.enum(['min', 'max']),
  limit: z.number(),
  measured: z.number().exactOptional(),
  unit: unit.describe('where it is %, limit and measured are shares of 1'),
  margin: z.number().describe('share of the limit by which the figure holds (+) or breaks (−) it').exactOptional(),
  message: z.string(),
  worst: z.array(z.object({ index: count, client: z.int().exactOptional(), promptIndex: z.int(), value: z.number() })).exactOptional(),
  fewSamples: z.object({ have: count, need: count }).exactOptional(),
  median: z
    .object({ runs: count, repeat: count })
    .describe('of a bench that was run several times: how often, and which of the runs, from 0, has the median figure')
    .exactOptional(),
  attempt: count,
})

const comparedRuns = z.object({ runs: count, value: z.number(), values: z.array(z.number()) })

const comparison = z.object({
  bench: z.string(),
  attempt: count,
  against: z.string().describe('the baseline or the bench that it is held against'),
  metric: z.string(),
  unit,
  direction: z.enum(['min', 'max', 'either']).describe('either: any change is for the worse'),
  guard: z.literal(true).describe("a guard of the answers' quality, told of only where it does not hold").exactOptional(),
  within: z.number().describe('the least change that matters, as a share of the reference; of a metric in %, a difference of shares'),
  state: z.enum(['pass', 'improved', 'regressed', 'inconclusive', 'error']),
  reference: comparedRuns.exactOptional(),
  measured: comparedRuns.exactOptional(),
  change: z.number().exactOptional(),
  interval: z.tuple([z.number(), z.number()]).describe('confidence interval of the change').exactOptional(),
  runsToSettle: count.exactOptional(),
  advice: z.string().describe('what would settle an inconclusive comparison').exactOptional(),
  message: z.string(),
})

const holding = z
  .object({
    bench: z.string(),
    attempt: count,
    matcher: z.enum(['toHoldBaseline', 'toHoldAgainst', 'toKeepAnswers']),
    against: z.string().describe('the baseline or the bench that it was held against'),
    state: z.enum(['held', 'regressed', 'inconclusive', 'written', 'invalid', 'error']),
    inconclusive: z.enum(['fail', 'warn', 'pass']).describe('what an inconclusive comparison counts as'),
    differences: z
      .array(z.object({ axis: z.string(), reference: z.string().exactOptional(), measured: z.string().exactOptional() }))
      .describe('axes of the cohort on which both sides differ'),
    comparisons: z.array(comparison),
    notes: z.array(z.string()),
  })
  .describe('one call of a matcher that holds a bench against earlier runs or another bench')

const error = z.object({
  name: z.string(),
  code: z.string().describe('what went wrong, of errors of this package').exactOptional(),
  message: z.string(),
  at: z.string().exactOptional(),
  stack: z.string().exactOptional(),
  cause: z
    .enum(['threshold', 'run', 'other'])
    .describe('threshold: a breached SLO; run: the run could not be measured or judged; other: anything else'),
  file: z.string().exactOptional(),
})

const test = z.object({
  file: z.string(),
  line: count.exactOptional(),
  project: z.string(),
  suites: z.array(z.string()),
  name: z.string(),
  state: z.enum(['passed', 'failed', 'skipped', 'pending']),
  durationMs: z.number(),
  flaky: z.boolean(),
  attempts: count,
  errors: z.array(error),
  runs: z.array(run),
  verdicts: z.array(verdict),
  holdings: z.array(holding),
  benchmarks: z.array(z.object({ name: z.string(), meanMs: z.number(), operationsPerSecond: z.number(), samples: count })),
})

/** Schema of `summary.json`. */
export const summarySchema = z
  .object({
    schemaVersion: z.literal(1),
    generator: z.object({ name: z.string(), version: z.string() }),
    vitestVersion: z.string(),
    startedAt: z.iso.datetime(),
    durationMs: z.number(),
    root: z.string(),
    resultsFolder: z.string().describe('relative to the root'),
    partial: z.boolean().describe('whether the run was cut short'),
    environment: z.record(z.string(), z.string()),
    tests: z.array(test),
    unhandledErrors: z.array(error),
  })
  .describe('Result of a `vitest bench` run with vitest-llm-bench. What could not be measured is absent.')

/** Content of `summary.json`. */
export type Summary = z.infer<typeof summarySchema>

/** The schema as JSON Schema, published as `vitest-llm-bench/summary.schema.json`. Unknown properties may come with later versions. */
export function summaryJSONSchema(): object {
  return { title: 'vitest-llm-bench summary', ...z.toJSONSchema(summarySchema, { io: 'input' }) }
}
