import { stripVTControlCharacters } from 'node:util'
import { describe, expect, test as it } from 'vitest'
import { renderProgress } from '../../../reporters/terminal/progress.ts'
import { renderRun } from '../../../reporters/terminal/run.ts'
import { createStyle, terminalStyle } from '../../../reporters/terminal/style.ts'
import { renderTest } from '../../../reporters/terminal/test.ts'
import { renderVerdicts } from '../../../reporters/terminal/verdicts.ts'
import { clients, requestRate, rollout } from '../../../src/dsl/workloads.ts'
import { specOf } from '../../../src/dsl/workload.ts'
import type { Holding } from '../../../src/verdict/holding.ts'
import type { Verdict } from '../../../src/verdict/verdict.ts'
import {
  batchRun,
  breach,
  clientMetrics,
  comparison,
  distribution,
  holding,
  regressed,
  requestMetrics,
  run,
  undecided,
  verdict,
} from './fixtures.ts'
import { renderHoldings } from '../../../reporters/terminal/holdings.ts'

const plain = createStyle(false)
const colored = createStyle(true)
const isColored = (isTTY: boolean, env: Record<string, string>): boolean => terminalStyle({ isTTY, columns: 90 }, env).good('x') !== 'x'
const judgements = (...verdicts: Verdict[]): { verdicts: Verdict[]; holdings: Holding[] } => ({ verdicts, holdings: [] })
const text = (lines: readonly string[]): string => lines.join('\n')

const connecting = (over: object): string =>
  text(renderRun(run({ metrics: requestMetrics({ connect: { ...distribution(0.42, 16), ...over } }) }), [], plain))

/** 100 requests, three of which failed: too few for p99, enough for p90. */
const small = run({
  metrics: requestMetrics({
    requests: 103,
    completed: 100,
    failed: 3,
    successRate: 100 / 103,
    ttft: distribution(40, 100),
    tpot: distribution(12, 100),
    itl: { ...distribution(9, 6300), requests: 100 },
    e2e: distribution(800, 100),
    itlBetween: 'chunks',
    errors: [{ kind: 'connect', count: 3, example: 'connect ECONNREFUSED 127.0.0.1:8000\n    at somewhere' }],
    tokens: { input: 'bundled', output: 'server', tokenizer: 'o200k_base' },
    dataset: { name: 'x.jsonl', rows: 10, digest: 'a', wrapped: true },
    steady: { seconds: 40, completed: 80, requestsPerSecond: 20.1, outputTokensPerSecond: 1301.2 },
  }),
})

describe('a run', () => {
  it('says of its client that it kept up, and by how much', () => {
    const lines = renderRun(run({ metrics: requestMetrics({ client: clientMetrics() }) }), [], plain)
    expect(lines[0]).toBe('chat')
    expect(text(lines).replaceAll(/\n {11}/g, ' ')).toContain(
      'client   valid, at most 1.25 ms late at p99, longest stall 7.50 ms, 12.5% of one of 4 cores, 16 connections',
    )
  })

  it.for([
    ['degraded', 'chat  DEGRADED'],
    ['client-bound', 'chat  CLIENT-BOUND'],
  ] as const)('is marked where its client is %s, and says why', ([validity, title]) => {
    const client = clientMetrics({ validity, reasons: ['it stood still for 300 ms', 'it was late'] })
    const lines = renderRun(run({ metrics: requestMetrics({ client }) }), [], plain)
    expect(lines[0]).toBe(title)
    expect(text(lines)).toContain(`client   ${validity}: it stood still for 300 ms; it was late`)
  })

  it('is a table of latencies, throughput, verdicts and facts', () => {
    expect(text(renderRun(run(), [verdict(), breach()], plain))).toBe(
      `chat
  16 clients, ramp-up 1.6 s, 1,000 requests
  openai · vllm 0.11 · http://127.0.0.1:8000/v1 · Qwen2.5-7B-Instruct

  ms     mean    p50    p90    p99    max
  TTFT  44.00  40.00  80.00  120.0  160.0
  TPOT  13.20  12.00  24.00  36.00  48.00
  ITL   12.65  11.50  23.00  34.50  46.00
  E2E   880.0  800.0  1,600  2,400  3,200

  1,000 of 1,000 completed (100%) · 50 s
  20 req/s · output 1,280 tok/s · total 3,680 tok/s
  120,000 tokens in · 64,000 tokens out · 17.60 in flight on average

  ✓ ttft.p99 <= 200ms  120 ms (+40%)
  ✗ ttft.p99 <= 100ms: measured 120 ms, limit 100 ms, margin −20%

  tokens   counted by the server
  dataset  shareGPT samples_1024.json, 1,024 rows
  files    chat`,
    )
  })

  it('marks and dims percentiles that the sample can’t support, ITL by its requests, and says what they need', () => {
    const lines = text(renderRun(small, [], plain))
    expect(lines).toContain('TTFT          44.00  40.00  80.00  120.0*  160.0')
    expect(lines).toContain('ITL (chunks)   9.90   9.00  18.00  27.00*  36.00')
    expect(lines).toContain('* too few requests to support the figure: p99 needs 662')
    expect(text(renderRun(small, [], colored))).toContain('\u001B[2m120.0*\u001B[22m')
    const tiny = run({ metrics: requestMetrics({ ttft: distribution(40, 63) }) })
    expect(text(renderRun(tiny, [], plain))).toContain('p90 needs 64, p99 needs 662')
    expect(text(renderRun(run(), [], plain))).not.toContain('*')
  })

  it('shows the steady window, failures with an example of each kind, and rows used again', () => {
    const lines = text(renderRun(small, [], plain))
    expect(lines).toContain('100 of 103 completed (97.09%) · 3 failed · 50 s')
    expect(lines).toContain('steady 40 s · 20.10 req/s · output 1,301 tok/s')
    expect(lines).toContain('errors   3 × connect, e.g. connect ECONNREFUSED 127.0.0.1:8000\n')
    expect(lines).toContain('dataset  x.jsonl, 10 rows, fewer than requests: rows were used again')
  })

  it('says where input counts come from a tokenizer that may not be the server’s', () => {
    expect(text(renderRun(small, [], plain)).replaceAll(/\n +/g, ' ')).toContain(
      "output counts by the server, input counts by the bundled tokenizer o200k_base, which may not be the server's",
    )
  })

  it('is marked when it was cut short, and when it is a retry', () => {
    const lines = text(renderRun(run({ partial: true, attempt: 1 }), [], plain))
    expect(lines).toMatch(/^chat  PARTIAL  attempt 2\n/)
    expect(lines).toContain('PARTIAL: the run was cut short')
    expect(text(renderRun(run(), [], plain))).not.toContain('PARTIAL')
  })

  it('leaves out what it has not measured, rather than print zeros', () => {
    const {
      ttft: _,
      tpot: __,
      itl: ___,
      e2e: ____,
      outputTokensPerSecond: _____,
      ...rest
    } = requestMetrics({ completed: 0, failed: 5, requests: 5, successRate: 0 })
    const lines = text(renderRun(run({ metrics: rest }), [], plain))
    expect(lines).not.toMatch(/TTFT|NaN|undefined|in flight/)
    expect(lines).toContain('0 of 5 completed (0%) · 5 failed')
  })

  it('has latencies from the schedule beside those from the send, for open loops', () => {
    const metrics = requestMetrics({ fromSchedule: { ttft: distribution(45), e2e: distribution(805) }, scheduleDelay: distribution(0.1) })
    const lines = text(renderRun(run({ workload: specOf(requestRate({ rate: 10, duration: 60 }))!, metrics }), [], plain))
    expect(lines).toContain('10 req/s poisson, 60 s')
    expect(lines).toMatch(/TTFT from schedule +49\.50/)
    expect(lines).toMatch(/schedule delay +0\.110/)
  })

  it('says how many connections were opened and how long that took', () => {
    expect(connecting({ max: 3.14159 })).toContain('\n  16 connections opened, in 0.420 ms (median), 3.14 ms at most\n')
    expect(connecting({ count: 1 })).toContain('\n  1 connection opened, in 0.420 ms\n')
  })

  it('has time to the first answer token where reasoning makes it another', () => {
    expect(text(renderRun(run({ metrics: requestMetrics({ ttfo: distribution(40) }) }), [], plain))).not.toContain('TTFO')
    expect(text(renderRun(run({ metrics: requestMetrics({ ttfo: distribution(90) }) }), [], plain))).toMatch(/TTFO +99\.00/)
  })

  it('names one of a thing in the singular, and says when no more is sent', () => {
    const workload = specOf(clients({ n: 1, rampUp: 0, requests: 1, stopAfter: 2 }))!
    expect(text(renderRun(run({ workload }), [], plain))).toContain('  1 client, ramp-up 0 s, 1 request, none sent after 2 s\n')
  })

  it('names a rollout’s batches', () => {
    expect(text(renderRun(run({ workload: specOf(rollout({ batch: 8, n: 4, limit: 64 }))! }), [], plain))).toContain(
      'rollout in batches of 8 × 4, 64 prompts',
    )
  })

  it('of a static batch is a row for each case', () => {
    expect(text(renderRun(batchRun(), [], plain))).toBe(
      `static
  one static batch
  llama · b6000 · tiny.gguf

  batch     in  out  prefill ms  prefill tok/s  decode ms  decode tok/s  overall tok/s
  8      1,024    1       210.5         38,917          –             –         38,955
  8      1,024   64         211         38,825       9.25         864.9         10,965
  512    1,024   64           –              –          –             –              –
  decode: the median step
  512×1024→64 skipped: needs 557,056 tokens of context, the engine holds 131,072

  files    static`,
    )
  })

  it('is never wider than 100 columns, nor than a narrower terminal', () => {
    const long = 'word '.repeat(80) + 'x'.repeat(300)
    const wordy = run({
      bench: long,
      notes: [long],
      target: { kind: 'openai', address: `http://${'long.'.repeat(60)}example`, model: long },
      metrics: requestMetrics({
        requests: 1_000_000,
        completed: 999_999,
        e2e: distribution(1_234_567),
        perUserTokensPerSecond: distribution(98.7),
        dataset: { name: long, rows: 1e6, digest: 'a', wrapped: true },
        errors: [{ kind: 'http', count: 1, example: long }],
        tokens: { input: 'bundled', output: 'chunks', tokenizer: long },
      }),
    })
    const verdicts = [
      breach({ threshold: long, worst: Array.from({ length: 9 }, (_, index) => ({ index, promptIndex: 1, value: 1 })) }),
      verdict({ state: 'error', message: long }),
    ]
    for (const columns of [200, 100, 80, 72]) {
      const style = createStyle(true, columns)
      const lines = [...renderRun(wordy, verdicts, style), ...renderRun(batchRun(), [], style)]
      expect(Math.max(...lines.map((line) => stripVTControlCharacters(line).length))).toBeLessThanOrEqual(Math.min(100, columns))
    }
  })
})

describe('verdicts', () => {
  it('show the worst requests below a broken threshold, three at most', () => {
    const worst = Array.from({ length: 5 }, (_, i) => ({ index: 10 + i, client: 3, promptIndex: 44, value: 160 - i }))
    expect(renderVerdicts([breach({ worst })], plain)).toEqual([
      '  ✗ ttft.p99 <= 100ms: measured 120 ms, limit 100 ms, margin −20%',
      '      worst requests: #10 160 ms (client 3, prompt 44) · #11 159 ms (client 3, prompt 44) · #12 158',
      '      ms (client 3, prompt 44)',
    ])
  })

  it('mark what can’t be judged with ✗ and its reason, and a pass of few samples with its count', () => {
    expect(
      renderVerdicts([verdict({ state: 'error', message: "ttft.p99 <= 200ms can't be judged: p99 needs 662 requests" })], plain),
    ).toEqual(["  ✗ ttft.p99 <= 200ms can't be judged: p99 needs 662 requests"])
    expect(renderVerdicts([verdict({ fewSamples: { have: 100, need: 662 } })], plain)[0]).toContain('few samples: 100 of 662')
  })

  it('show shares in percent, and never round one below 100 % up to it', () => {
    const share = verdict({
      metric: 'successRate',
      threshold: 'successRate >= 100%',
      unit: '%',
      limit: 1,
      measured: 0.99999,
      state: 'fail',
      margin: -0.00001,
    })
    expect(renderVerdicts([share], plain)[0]).toContain('measured 99.999%, limit 100%')
  })
})

describe('a test', () => {
  it('shows every attempt with its own verdicts', () => {
    const lines = text(renderTest([run(), run({ attempt: 1 })], judgements(breach(), verdict({ attempt: 1 })), plain))
    const [first = '', second = ''] = lines.split('attempt 2')
    expect([first.includes('✗ ttft.p99'), first.includes('✓'), second.includes('✗'), second.includes('✓ ttft.p99')]).toEqual([
      true,
      false,
      false,
      true,
    ])
  })

  it('loses no verdict: one on a run that is not there comes last', () => {
    expect(text(renderTest([run()], judgements(verdict({ bench: 'other', threshold: 'e2e.max <= 1s' })), plain))).toContain(
      '✓ e2e.max <= 1s',
    )
  })

  it('shows the verdicts on a bench that ran twice once', () => {
    expect(text(renderTest([run(), run()], judgements(verdict()), plain)).match(/✓/g)).toHaveLength(1)
  })
})

describe('style', () => {
  it('has colours on a terminal only, and heeds NO_COLOR and FORCE_COLOR', () => {
    expect(isColored(true, {})).toBe(true)
    expect(isColored(false, {})).toBe(false)
    expect(isColored(true, { NO_COLOR: '1' })).toBe(false)
    expect(isColored(false, { FORCE_COLOR: '1' })).toBe(true)
    expect(isColored(true, { FORCE_COLOR: '0' })).toBe(false)
    expect(isColored(false, { FORCE_COLOR: '1', NO_COLOR: '1' })).toBe(false)
  })

  it('takes the terminal’s width, 72 to 100 columns', () => {
    expect(terminalStyle({ isTTY: true, columns: 90 }, {}).columns).toBe(90)
    expect(terminalStyle({ isTTY: true, columns: 300 }, {}).columns).toBe(100)
    expect(terminalStyle({ isTTY: true, columns: 20 }, {}).columns).toBe(72)
    expect(terminalStyle({ isTTY: false }, {}).columns).toBe(100)
  })

  it('colours nothing that is plain', () => {
    const lines = renderRun(run(), [verdict(), breach()], colored).map(stripVTControlCharacters)
    expect(lines).toEqual(renderRun(run(), [verdict(), breach()], plain))
  })
})

describe('progress', () => {
  const progress = {
    bench: 'chat',
    phase: 'running',
    completed: 409,
    failed: 3,
    total: 1024,
    unit: 'requests',
    outputTokens: 14_808,
    elapsedSeconds: 12,
  } as const

  it('is one line', () => {
    expect(renderProgress(progress)).toBe('  ⏳ chat  running  412/1024 requests · 3 failed · 1,234 tok/s · 12s')
    expect(renderProgress({ ...progress, run: 'run 2 of 3' })).toContain('chat  running  run 2 of 3 · 412/1024 requests')
  })

  it('leaves out what is not known yet', () => {
    const { total: _, ...open } = progress
    expect(renderProgress({ ...open, phase: 'loading', completed: 0, failed: 0, outputTokens: 0, elapsedSeconds: 0 })).toBe(
      '  ⏳ chat  loading  0 requests · 0s',
    )
  })

  it('shows less than a second too', () => {
    expect(renderProgress({ ...progress, unit: 'cases', completed: 4, failed: 0, total: 4, outputTokens: 0, elapsedSeconds: 0.28 })).toBe(
      '  ⏳ chat  running  4/4 cases · 0.3s',
    )
  })

  it('counts seconds where the load is bounded by time, and cases of a static batch', () => {
    expect(renderProgress({ ...progress, unit: 'seconds', total: 90 })).toBe(
      '  ⏳ chat  running  12s of 1m30s · 412 requests · 3 failed · 1,234 tok/s',
    )
    expect(renderProgress({ ...progress, unit: 'cases', completed: 2, failed: 0, total: 8, outputTokens: 0, elapsedSeconds: 61 })).toBe(
      '  ⏳ chat  running  2/8 cases · 1m01s',
    )
  })
})

const success = comparison({
  metric: 'successRate',
  unit: '%',
  within: 0.01,
  reference: { runs: 10, value: 0.998, values: [] },
  measured: { runs: 5, value: 0.996, values: [] },
  change: -0.002,
  interval: [-0.004, 0],
})

describe('what was held against earlier runs', () => {
  it('is a row for each metric, with change, interval and state', () => {
    const lines = renderHoldings(
      [
        holding([success, undecided(), regressed()], {
          differences: [{ axis: 'engine.version', reference: '0.11', measured: '0.12' }],
          notes: ['3 metrics were compared at once.'],
        }),
      ],
      plain,
    )
    expect(text(lines)).toBe(
      `  chat against baseline of 2026-02-20, 10 runs, now 5 runs
                   before       now       change          interval
  ✓ successRate     99.8%     99.6%  −0.2 points  −0.4 to 0 points  held within 1 point
  ? e2e.p99      2,400 ms  2,568 ms          +7%       −3% to +17%  inconclusive at 10%
  ✗ ttft.p99     118.5 ms  155.5 ms       +31.2%    +27.1% to +35%  regressed beyond 10%
  ? e2e.p99: About 9 runs would settle it.
    engine.version differs: 0.11 there, 0.12 here
    3 metrics were compared at once.
`,
    )
    expect(text(renderTest([run()], { verdicts: [], holdings: [holding([regressed()])] }, plain))).toContain('✗ ttft.p99')
  })

  it('says it in sentences where columns do not fit, and never leaves the window', () => {
    const long = 'prefillTokensPerSecond[batch 8, in 1024, out 1]'
    const lines = renderHoldings(
      [holding([regressed({ metric: long, message: `${long} regressed by 31.2%` }), undecided()], { notes: ['n '.repeat(200)] })],
      createStyle(false, 80),
    )
    expect(text(lines).match(/would settle it/g)).toHaveLength(1)
    expect(text(lines)).toContain(`✗ ${long} regressed by 31.2%`)
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80)
  })

  it.for([
    ['written', ': written just now'],
    ['invalid', ': not judged'],
    ['error', ': not compared'],
  ] as const)('says that nothing was compared where it is %s', ([state, words]) => {
    expect(renderHoldings([holding([], { state, notes: ['why'] })], plain)).toEqual([
      `  chat against baseline of 2026-02-20, 10 runs${words}`,
      '    why',
      '',
    ])
  })
})
