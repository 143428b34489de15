import { describe, expect, test as it } from 'vitest'
import { renderJUnit } from '../../../reporters/junit/render.ts'
import type { RunModel, TestModel } from '../../../reporters/model.ts'
import {
  batchRun,
  breach,
  breachError,
  clientMetrics,
  comparison,
  holdError,
  holding,
  model,
  regressed,
  requestMetrics,
  run,
  runError,
  test,
  undecided,
  verdict,
} from './fixtures.ts'
import { hasXmllint, readCases, xmlProblems } from './xml.ts'
import type { ReadCase } from './xml.ts'

const cases = (...tests: TestModel[]): ReadCase[] => readCases(renderJUnit(model({ tests })))
const root = (xml: string): string => /<testsuites[^>]*>/.exec(xml)![0]

const failing = (over: Partial<TestModel> = {}): TestModel =>
  test({ state: 'failed', verdicts: [verdict(), breach()], errors: [breachError()], ...over })

/** Everything at once: what the schema must stand. */
const everything: RunModel = model({
  partial: true,
  tests: [
    test(),
    failing({ name: 'breaks' }),
    failing({ name: 'regressed', holdings: [holding([regressed(), undecided()]), holding([], { state: 'error' })] }),
    test({ name: 'flaky', flaky: true, attempts: 2, runs: [run(), run({ attempt: 1 })], verdicts: [breach(), verdict({ attempt: 1 })] }),
    test({ name: 'dead server', state: 'failed', runs: [], verdicts: [], errors: [runError()] }),
    test({ name: 'left out', state: 'skipped', durationMs: 0, runs: [], verdicts: [] }),
    test({ name: 'cut short', state: 'pending', durationMs: 0, runs: [run({ partial: true })], verdicts: [] }),
    test({ file: 'benches/static.bench.ts', name: 'static', runs: [batchRun()], verdicts: [] }),
    test({
      name: 'ordinary',
      runs: [],
      verdicts: [],
      benchmarks: [{ name: 'parse', meanMs: 0.0125, operationsPerSecond: 80_000, samples: 64 }],
    }),
  ],
  unhandledErrors: [
    { name: 'SyntaxError', message: 'Unexpected token', cause: 'other', file: 'benches/broken.bench.ts' },
    { name: 'Error', message: 'socket hang up', cause: 'other', stack: '    at node:net:1:2' },
  ],
})

describe('cases', () => {
  it('gives each bench test a case and each threshold one of its own', () => {
    expect(
      cases(test({ verdicts: [verdict(), verdict({ metric: 'successRate', threshold: 'successRate >= 99%' })] })).map(({ name }) => name),
    ).toEqual([
      'nightly > 16 users keep their SLO',
      'nightly > 16 users keep their SLO > chat: ttft.p99 <= 200ms',
      'nightly > 16 users keep their SLO > chat: successRate >= 99%',
    ])
  })

  it('names the class after the file without dots, which Jenkins would take for packages, and the file as it is', () => {
    const [first] = cases(test())
    expect(first).toMatchObject({ classname: 'benches/chat_bench_ts', file: 'benches/chat.bench.ts', time: '51.235' })
  })

  it('fails the case of the threshold and not the bench’s', () => {
    const [own, held, broken] = cases(failing())
    expect([own!.failures, own!.errors, held!.failures]).toEqual([[], [], []])
    expect(broken!.failures).toHaveLength(1)
    expect(broken!.failures[0]).toEqual({
      message: 'ttft.p99 <= 100ms: measured 120 ms, limit 100 ms, margin −20%',
      type: 'SLOBreachError',
      text: [
        'ttft.p99 <= 100ms: measured 120 ms, limit 100 ms, margin −20%',
        'ttft.p99 is 120 ms, over the limit of 100 ms by 20 %',
        'worst: request 17 of client 3 (prompt 44): 160 ms',
        'bench: chat, attempt 1 of 1',
        'target: openai · vllm 0.11 · http://127.0.0.1:8000/v1 · Qwen2.5-7B-Instruct',
        'files: bench-results/now/chat',
        '    at benches/chat.bench.ts:12:15',
      ].join('\n'),
    })
  })

  it('writes exactly one failure, of the first error, where an ordinary assertion fails twice', () => {
    const errors = ['expected 1 to be 2', 'expected 3 to be 4'].map((message) => ({
      name: 'AssertionError',
      message,
      cause: 'other' as const,
    }))
    const [own] = cases(failing({ errors: [...errors, breachError()] }))
    expect(own!.failures).toHaveLength(1)
    expect(own!.failures[0]).toMatchObject({ type: 'AssertionError', message: 'expected 1 to be 2 (and 1 more)' })
    expect(own!.failures[0]!.text).toContain('expected 3 to be 4')
    expect(own!.failures[0]!.text).toContain('    at benches/chat.bench.ts:9')
    expect(own!.failures[0]!.text).not.toContain('ttft.p99')
  })

  it('never lets a failed test look passed: a breach without a verdict fails the bench’s case', () => {
    const [own, ...others] = cases(failing({ verdicts: [] }))
    expect(others).toEqual([])
    expect(own!.failures).toHaveLength(1)
    expect(own!.failures[0]!.text).toContain('chat breaks 1 of 2 thresholds')
    const [silent] = cases(failing({ verdicts: [], errors: [] }))
    expect(silent!.failures[0]!.message).toBe('The test failed without an error')
  })

  it('reports a run that could not be measured as an error and not as a failure', () => {
    const [own] = cases(test({ state: 'failed', runs: [], verdicts: [], errors: [runError()] }))
    expect(own!.failures).toEqual([])
    expect(own!.errors).toEqual([
      {
        type: 'LlmBenchError',
        message: 'No request of "chat" was answered: connect ECONNREFUSED 127.0.0.1:8000',
        text: 'LlmBenchError: No request of "chat" was answered: connect ECONNREFUSED 127.0.0.1:8000\nIs the server up?\n    at benches/chat.bench.ts:10:40',
      },
    ])
  })

  it('reports a threshold that could not be judged as an error of its own case', () => {
    const { measured: _, margin: __, ...unmeasured } = verdict({ state: 'error', message: 'p99 needs 662 requests, there are 100' })
    const [, judged] = cases(test({ state: 'failed', verdicts: [unmeasured], errors: [runError({ message: 'few samples' })] }))
    expect(judged!.failures).toEqual([])
    expect(judged!.errors).toHaveLength(1)
    expect(judged!.errors[0]!.message).toBe('ttft.p99 <= 200ms: not measured, limit 200 ms')
    expect(judged!.errors[0]!.text).toContain('p99 needs 662 requests, there are 100')
  })

  it('follows Vitest where a test passes with a broken threshold (test.fails)', () => {
    const [own, broken] = cases(test({ state: 'passed', verdicts: [breach()], errors: [] }))
    expect([own!.failures, broken!.failures]).toEqual([[], []])
    expect(broken!.properties['verdict']).toBe('fail')
  })

  it('judges a retried test by its last attempt and keeps the figures and verdicts of every one', () => {
    const slow = run({ metrics: requestMetrics({ outputTokensPerSecond: 900 }) })
    const [own, threshold, ...rest] = cases(
      test({
        flaky: true,
        attempts: 2,
        runs: [slow, run({ attempt: 1 })],
        verdicts: [breach(), verdict({ threshold: 'ttft.p99 <= 100ms', measured: 90, margin: 0.1, attempt: 1 })],
      }),
    )
    expect(rest).toEqual([])
    expect(threshold!.failures).toEqual([])
    expect(threshold!.properties).toMatchObject({ verdict: 'pass', measured: '90', attempts: '2', flaky: 'true' })
    expect(threshold!.properties['attempt1']).toBe('fail: ttft.p99 <= 100ms: measured 120 ms, limit 100 ms, margin −20%')
    expect(own!.properties).toMatchObject({ flaky: 'true', attempts: '2', attempt: '2', outputTokensPerSecond: '1280' })
    expect(own!.properties['attempt1/outputTokensPerSecond']).toBe('900')
  })

  it('skips what was skipped, and errs on what did not end', () => {
    const [skipped] = cases(test({ state: 'skipped', runs: [], verdicts: [] }))
    expect(skipped).toMatchObject({ skipped: true, errors: [], failures: [] })
    const [pending] = cases(test({ state: 'pending', runs: [], verdicts: [] }))
    expect(pending).toMatchObject({ skipped: false, failures: [] })
    expect(pending!.errors[0]!.message).toContain('did not end')
  })

  it('gives unhandled errors cases of their own, in the suite of their file where it is known', () => {
    const xml = renderJUnit(everything)
    const errors = readCases(xml).filter(({ name }) => name.startsWith('File or suite') || name.startsWith('Unhandled'))
    expect(errors.map(({ classname, name, file }) => [classname, name, file])).toEqual([
      ['benches/broken_bench_ts', 'File or suite: Unexpected token', 'benches/broken.bench.ts'],
      ['vitest', 'Unhandled error: socket hang up', undefined],
    ])
    expect(errors.every((item) => item.errors.length === 1)).toBe(true)
    expect([...xml.matchAll(/<testsuite name="([^"]*)"/g)].map(([, name]) => name)).toEqual([
      'benches/chat.bench.ts',
      'benches/static.bench.ts',
      'benches/broken.bench.ts',
      'Unhandled errors',
    ])
  })
})

describe('names', () => {
  it('are unique, also next to a test that is really called so', () => {
    const names = cases(
      test({ suites: [], name: 'a', verdicts: [] }),
      test({ suites: [], name: 'a (2)', verdicts: [] }),
      test({ suites: [], name: 'a', verdicts: [] }),
    )
    expect(names.map(({ name }) => name)).toEqual(['a', 'a (2)', 'a (3)'])
  })

  it('are unique for a threshold judged twice in one attempt, and both verdicts stand', () => {
    const [, first, second] = cases(failing({ verdicts: [verdict({ threshold: 'ttft.p99 <= 100ms', measured: 80 }), breach()] }))
    expect([first!.name, second!.name]).toEqual([
      'nightly > 16 users keep their SLO > chat: ttft.p99 <= 100ms',
      'nightly > 16 users keep their SLO > chat: ttft.p99 <= 100ms (2)',
    ])
    expect([first!.failures.length, second!.failures.length]).toEqual([0, 1])
  })

  it('may be the same in different files', () => {
    const names = cases(test({ verdicts: [] }), test({ file: 'benches/other.bench.ts', verdicts: [] })).map(({ name }) => name)
    expect(names[0]).toBe(names[1])
  })
})

/** The cases of what a failed test was held against. */
function held(over: Partial<TestModel>): ReadCase[] {
  return cases(test({ state: 'failed', verdicts: [], errors: [holdError()], ...over })).slice(1)
}

describe('what was held against earlier runs', () => {
  it('has a case for each metric, named without the date, and fails those that regressed', () => {
    const all = held({ holdings: [holding([comparison({ metric: 'tpot.p50' }), regressed()])] })
    expect(all.map(({ name, failures }) => [name, failures.map(({ message }) => message)])).toEqual([
      ['nightly > 16 users keep their SLO > chat: tpot.p50 holds within 10% against the baseline', []],
      ['nightly > 16 users keep their SLO > chat: ttft.p99 holds within 10% against the baseline', [regressed().message]],
    ])
    expect(all[1]!.failures[0]!.text).toContain('    at benches/chat.bench.ts:13:15')
    expect(all[1]!.properties).toMatchObject({
      verdict: 'regressed',
      metric: 'ttft.p99',
      reference: '118.5',
      'reference.runs': '10',
      measured: '155.5',
      change: '0.3122',
      'change.low': '0.2713',
      'change.high': '0.35',
      within: '0.1',
    })
  })

  it.for([
    ['fail', 1, 0],
    ['warn', 0, 1],
    ['pass', 0, 1],
  ] as const)('inconclusive counts as %s, as was asked for', ([inconclusive, failures, outputs]) => {
    const [one] = held({ holdings: [holding([undecided()], { inconclusive })] })
    expect(one!.failures).toHaveLength(failures)
    expect(one!.properties).toMatchObject({ verdict: 'inconclusive', inconclusiveCountsAs: inconclusive, runsToSettle: '9' })
    expect(one!.output?.includes('9 runs would settle it') ?? false).toBe(outputs === 1)
  })

  it.for([
    ['invalid', 1],
    ['error', 1],
    ['written', 0],
  ] as const)('without a comparison it is one case: %s', ([state, errors]) => {
    const all = held({ holdings: [holding([], { state, notes: ['why'] })] })
    expect(all.map(({ name, errors }) => [name, errors.length])).toEqual([
      ['nightly > 16 users keep their SLO > chat: holds against the baseline', errors],
    ])
  })

  it('stands as the last attempt has it, with what came before', () => {
    const flaky = { attempts: 2, flaky: true, state: 'passed' as const, errors: [] }
    const [one, ...more] = held({ ...flaky, holdings: [holding([regressed()]), holding([comparison()], { attempt: 1 })] })
    expect(more).toEqual([])
    expect(one).toMatchObject({ failures: [], properties: { verdict: 'pass', attempt1: expect.stringContaining('regressed') as string } })
  })

  it('fails nothing in a test that Vitest let pass', () => {
    expect(held({ state: 'passed', holdings: [holding([regressed()])] }).flatMap(({ failures }) => failures)).toEqual([])
  })
})

describe('properties', () => {
  it('say how the client fared, with every threshold too', () => {
    const client = clientMetrics({ validity: 'degraded', reasons: ['it stood still', 'it was late'] })
    const [own, threshold] = cases(test({ runs: [run({ metrics: requestMetrics({ client }) })] }))
    for (const { properties } of [own!, threshold!]) {
      expect(properties).toMatchObject({ 'client.validity': 'degraded', 'client.reasons': 'it stood still; it was late' })
    }
    expect(own!.properties).toMatchObject({ 'client.lag.p99_ms': '1.25', 'client.cpuShare[0]': '0.125', 'client.stalls.longest_ms': '7.5' })
    expect(renderJUnit(model({ tests: [test({ runs: [run({ metrics: requestMetrics({ client }) })] })] }))).toContain(
      'chat: the client is degraded: it stood still; it was late',
    )
  })

  it('name every figure as code does, plain numbers, latencies in _ms', () => {
    const steady = { seconds: 40, completed: 800, outputTokensPerSecond: 1301.123456789 }
    const [own] = cases(
      test({ runs: [run({ metrics: requestMetrics({ steady, failed: 3, errors: [{ kind: 'connect', count: 3, example: 'x' }] }) })] }),
    )
    expect(own!.properties).toMatchObject({
      'ttft.p99_ms': '120',
      'itl.p99.9_ms': '40.25',
      'ttft.count': '1000',
      outputTokensPerSecond: '1280',
      'steady.outputTokensPerSecond': '1301.123457',
      successRate: '1',
      'errors.connect': '3',
      workload: 'clients',
      target: 'openai',
      model: 'Qwen2.5-7B-Instruct',
      'tokens.output': 'server',
      dataset: 'shareGPT samples_1024.json',
      partial: 'false',
    })
    expect(own!.properties).not.toHaveProperty('ttfo.mean_ms')
  })

  it('of a static batch carry the case in their names', () => {
    const [own] = cases(test({ runs: [batchRun()], verdicts: [] }))
    expect(own!.properties).toMatchObject({ 'medianDecodeLatency[8×1024→64]_ms': '9.25', 'decodeTokensPerSecond[8×1024→64]': '864.9' })
    expect(own!.properties).not.toHaveProperty('medianDecodeLatency[8×1024→1]_ms')
  })

  it('begin with the bench where a test has several runs', () => {
    const [own] = cases(test({ runs: [run({ bench: 'a' }), run({ bench: 'b' }), run({ bench: 'b' })], verdicts: [] }))
    expect(Object.keys(own!.properties).filter((name) => name.endsWith('successRate'))).toEqual([
      'a/successRate',
      'b/successRate',
      'b (2)/successRate',
    ])
  })

  it('of the suite hold environment and whether the run is partial', () => {
    const xml = renderJUnit(model({ partial: true }))
    expect(xml).toContain('<property name="partial" value="true"/>')
    expect(xml).toContain('<property name="environment.gpu" value="H100"/>')
  })
})

describe('xml', () => {
  it.skipIf(!hasXmllint)('is valid against Jenkins’ schema, extended by properties and file on a case', () => {
    expect(xmlProblems(renderJUnit(everything))).toBe('')
    expect(xmlProblems(renderJUnit(model({ tests: [] })))).toBe('')
  })

  it.skipIf(!hasXmllint)('would be told invalid with anything else on a case', () => {
    expect(xmlProblems(renderJUnit(model()).replace('<testcase ', '<testcase line="1" '))).toContain("attribute 'line' is not allowed")
  })

  it('counts on the root, without the attribute that the schema lacks there', () => {
    const head = root(renderJUnit(everything))
    expect(head).toBe('<testsuites name="vitest-llm-bench 0.1.0" tests="21" failures="3" errors="5">')
  })

  it('holds no colours, no characters that XML forbids, and no early end of a CDATA section', () => {
    const nasty = '\u001B[31mred\u001B[39m \u0000\u0008\uFFFE a]]>b]]>c \uD800 <&">'
    const xml = renderJUnit(
      model({
        tests: [
          failing({
            name: nasty,
            errors: [{ name: 'E', message: nasty, cause: 'other' }],
            runs: [run({ notes: [nasty] })],
            verdicts: [breach({ message: nasty })],
          }),
        ],
      }),
    )
    // oxlint-disable-next-line no-control-regex -- these are what XML 1.0 forbids
    expect(xml).not.toMatch(/[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uD800]/)
    const [own, threshold] = readCases(xml)
    expect(own!.name).toBe('nightly > red a]]>b]]>c \uFFFD <&">')
    expect(own!.failures[0]!.text).toContain('red  a]] >b]] >c \uFFFD <&">')
    expect(threshold!.failures[0]!.text).toContain('red')
    if (hasXmllint) expect(xmlProblems(xml)).toBe('')
  })
})
