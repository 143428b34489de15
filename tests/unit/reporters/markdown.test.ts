import { describe, expect, test as it } from 'vitest'
import { hasNews } from '../../../reporters/outcome.ts'
import type { RunModel, TestModel } from '../../../reporters/model.ts'
import { renderMarkdown } from '../../../reporters/markdown/render.ts'
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

const failed = (over: Partial<TestModel>): TestModel => test({ state: 'failed', ...over })

/** A suite in which everything happened at once. */
const mixed = model({
  tests: [
    test({ name: 'holds', holdings: [holding()], runs: [run({ folder: 'bench-results/now/quiet' })] }),
    failed({
      errors: [holdError(), breachError()],
      runs: [
        run(),
        run(),
        run({ metrics: requestMetrics({ client: clientMetrics({ validity: 'degraded', reasons: ['it stood still for 80 ms'] }) }) }),
      ],
      verdicts: [
        verdict(),
        breach(),
        verdict({ threshold: 'tpot.p99.9 <= 50ms', state: 'error', message: 'tpot.p99.9 needs 6,636 requests and there are 1,000' }),
      ],
      holdings: [
        holding([comparison({ metric: 'tpot.p50', change: 0, interval: [-0.004, 0.004] }), undecided(), regressed()], {
          differences: [{ axis: 'engine.version', reference: '0.11', measured: '0.12' }],
          notes: ['3 metrics were compared at once; claims of a change are corrected for that (Holm).'],
        }),
      ],
    }),
    test({
      name: 'is faster now',
      verdicts: [],
      runs: [batchRun()],
      holdings: [
        holding(
          [
            comparison({
              bench: 'static',
              metric: 'prefillTokensPerSecond[batch 8, in 1024, out 1]',
              unit: 'tok/s',
              direction: 'min',
              state: 'improved',
              reference: { runs: 5, value: 38_917, values: [] },
              measured: { runs: 5, value: 46_700, values: [] },
              change: 0.2,
              interval: [0.15, 0.25],
            }),
          ],
          { bench: 'static', matcher: 'toHoldAgainst', against: 'v1' },
        ),
      ],
    }),
    failed({
      name: 'is measured by a client that can not keep up',
      verdicts: [],
      errors: [runError({ code: 'CLIENT_BOUND', message: 'load is client-bound' })],
      runs: [
        run({
          bench: 'load',
          metrics: requestMetrics({ client: clientMetrics({ validity: 'client-bound', reasons: ['it was late', 'it had no CPU'] }) }),
        }),
      ],
      holdings: [holding([], { bench: 'load', state: 'invalid', notes: ['A client-bound run is compared with nothing.'] })],
    }),
    failed({
      name: 'has no server',
      runs: [],
      verdicts: [],
      errors: [runError()],
    }),
  ],
})

const golden = (name: string): string => new URL(`golden/${name}`, import.meta.url).pathname

describe('report.md', () => {
  it('says everything of a mixed suite, the verdict first', async () => {
    await expect(renderMarkdown(mixed)).toMatchFileSnapshot(golden('report.md'))
  })

  it('of a suite that held is a line and folded details', async () => {
    const held = model({ tests: [test({ holdings: [holding()] })] })
    await expect(renderMarkdown(held)).toMatchFileSnapshot(golden('report-held.md'))
    expect(hasNews(held)).toBe(false)
  })

  it('says of the client-bound run why, once', () => {
    const text = renderMarkdown(mixed)
    expect(text.match(/it was late/g)).toHaveLength(1)
    expect(text).not.toContain('load is client-bound')
  })

  it('names nothing as failed that Vitest let pass', () => {
    const expected = model({ tests: [test({ verdicts: [breach()], holdings: [holding([regressed()])] })] })
    expect(hasNews(expected)).toBe(false)
    const text = renderMarkdown(expected)
    expect(text).toMatch(/^## ✅/)
    expect(text).toContain('as the test expects')
  })

  it('shows which answers changed', () => {
    const message = '1 of 50 answers (2%) are not those of golden.json, allowed are 1%\n    prompt 3: from character 7 on, "a" and not "b"'
    const changed = regressed({ metric: 'answers changed', unit: '%', within: 0.01, change: 0.02, message })
    delete changed.reference
    delete changed.interval
    const kept = holding([changed], { matcher: 'toKeepAnswers', against: 'golden.json' })
    const text = renderMarkdown(model({ tests: [failed({ errors: [holdError()], holdings: [kept] })] }))
    expect(text).toContain('| metric | `golden.json` | now |')
    expect(text).toContain('prompt 3: from character 7 on')
  })

  it('tells of the last attempt alone, and that it was not the first', () => {
    const flaky = test({
      flaky: true,
      attempts: 2,
      runs: [run(), run({ attempt: 1 })],
      verdicts: [breach(), verdict({ attempt: 1 })],
      holdings: [holding([regressed()]), holding([comparison()], { attempt: 1 })],
    })
    const text = renderMarkdown(model({ tests: [flaky] }))
    expect(text).not.toContain('regressed')
    expect(text).toContain('1 test passed only when tried again.')
    expect(text).toContain('1 run, valid, attempt 2')
  })
})

function news(over: Partial<TestModel>, whole: Partial<RunModel> = {}): boolean {
  return hasNews(model({ tests: [test(over)], ...whole }))
}

describe('what is news', () => {
  it.for<[string, boolean, boolean]>([
    ['nothing asserted', news({ verdicts: [] }), false],
    ['a baseline written', news({ holdings: [holding([], { state: 'written' })] }), false],
    ['inconclusive, which is to be told of', news({ holdings: [holding([undecided()])] }), true],
    ['inconclusive, which counts as a pass', news({ holdings: [holding([undecided()], { inconclusive: 'pass' })] }), false],
    ['improved', news({ holdings: [holding([comparison({ state: 'improved' })])] }), true],
    ['a degraded run', news({ runs: [run({ metrics: requestMetrics({ client: clientMetrics({ validity: 'degraded' }) }) })] }), true],
    ['a failed test', news({ state: 'failed', errors: [runError()] }), true],
    ['a test that did not end', news({ state: 'pending' }), true],
    ['a file that does not load', news({}, { unhandledErrors: [runError()] }), true],
  ])('%s', ([, is, expected]) => expect(is).toBe(expected))
})

describe('whatever names hold', () => {
  const nasty = [
    'a|b `c` ``d`` <b>e</b> @octocat #12 !34 GH-5 https://github.com/o/r/issues/1',
    '</details><!-- x --> ![i](http://evil/x.png) [l](javascript:x) *s* _u_ ~d~ $m$ &amp; \\',
    'line\nbreak\r\n# heading\n- list\n| - | - |\u202E rtl \u001B[31mred',
  ]
  const suite = model({
    environment: { 'gpu|x': nasty[0]! },
    resultsFolder: 'results `x` </sub>',
    tests: nasty.map((name) =>
      failed({
        name,
        suites: [name],
        errors: [runError({ message: `${name}\n\`\`\`\n@team #77 </details>` })],
        runs: [run({ bench: name, notes: [name], folder: name, cohort: { 'engine.name': name }, target: { kind: name } })],
        verdicts: [breach({ bench: name, threshold: name }), verdict({ bench: name, state: 'error', message: name })],
        holdings: [
          holding([regressed({ metric: name }), comparison({ metric: name, state: 'error', message: name }), undecided({ metric: name })], {
            bench: name,
            against: name,
            notes: [name],
            differences: [{ axis: name, reference: name }],
          }),
        ],
      }),
    ),
  })
  const text = renderMarkdown(suite)
  const prose = withoutCode(text)

  it('nobody is mentioned, nothing linked, and no HTML but ours is left', () => {
    expect(prose).not.toMatch(/@\w|#\d|!\d|GH-\d|https?:\/\//)
    expect(prose).not.toMatch(/(?<!\\)\]\(/)
    expect([...new Set(prose.match(/<[^>]*>/g))].toSorted()).toEqual([
      '</details>',
      '</sub>',
      '</summary>',
      '<details>',
      '<sub>',
      '<summary>',
    ])
    expect(prose.match(/<details>/g)).toHaveLength(prose.match(/<\/details>/g)!.length)
    for (const sign of ['\u202E', '\u001B', '\r']) expect(text).not.toContain(sign)
  })

  it('every row of a table has as many cells as its head', () => {
    const tables = text.match(/(?:^\|.*\n?)+/gm)!
    expect(tables.length).toBeGreaterThan(6)
    for (const table of tables) {
      const counts = table
        .trimEnd()
        .split('\n')
        .map((line) => line.split('|').length)
      expect(new Set(counts).size, table).toBe(1)
    }
  })
})

/** A suite of many benches, each in a test of its own. */
function many(count: number, over: (i: number) => Partial<TestModel>): RunModel {
  return model({ tests: Array.from({ length: count }, (_, i) => test({ name: `bench number ${i}`, ...held(`bench ${i}`), ...over(i) })) })
}

function held(bench: string): Partial<TestModel> {
  return { runs: [run({ bench })], verdicts: [], holdings: [holding([comparison()], { bench })] }
}

/** What is left when code, in which no host looks for anything, is taken away. */
function withoutCode(markdown: string): string {
  return markdown
    .replaceAll(/^(`{3,})text\n[\s\S]*?^\1$/gm, '')
    .replaceAll(/<code>[^<]*<\/code>/g, '')
    .split('\n')
    .map((line) => {
      let left = ''
      for (let at = 0; at < line.length;) {
        const [token] = /^(?:\\.|`+|[^\\`]+|\\$)/.exec(line.slice(at))!
        // A span ends at the next run of as many backticks.
        const end = token.startsWith('`') ? line.slice(at + token.length).search(new RegExp(`(?<!\`)${token}(?!\`)`)) : -1
        if (end === -1) left += token
        at += token.length + (end === -1 ? 0 : end + token.length)
      }
      return left
    })
    .join('\n')
}

describe('200 benches', () => {
  it('fit below the limit of a comment: news first, and what is left out is said', () => {
    const text = renderMarkdown(
      many(200, (i) =>
        i % 50 === 7 ? { state: 'failed', errors: [holdError()], holdings: [holding([regressed()], { bench: `bench ${i}` })] } : {},
      ),
    )
    expect(text.length).toBeLessThan(60_000)
    expect(text).toMatch(/^## ❌ Performance regressed\n\n\*\*Regressed:\*\* .*`bench 7` \(\+31.2%\).* 196 metrics held\./)
    for (const i of [7, 57, 107, 157]) expect(text).toContain(`### ❌ \`bench ${i}\``)
    expect(text.indexOf('### ❌ `bench 157`')).toBeLessThan(text.indexOf('<details>'))
    const [, left] =
      /\*\*Left out\*\* for length: (\d+) of the parts about single benches\. All of them are in `bench-results\/now\/summary\.json`\./.exec(
        text,
      )!
    expect((text.match(/^### /gm) ?? []).length + Number(left)).toBe(200)
    expect(text.match(/<details>/g)).toHaveLength(text.match(/<\/details>/g)!.length)
  })

  it('that all regressed are cut as well, and counted in the first line', () => {
    const text = renderMarkdown(
      many(200, (i) => ({
        state: 'failed',
        errors: [holdError()],
        holdings: [holding([regressed(), undecided()], { bench: `bench ${i}` })],
      })),
    )
    expect(text.length).toBeLessThan(60_000)
    expect(text).toContain('and 197 more.')
    expect(text).toContain('**Left out** for length')
  })

  it('one bench of 5,000 metrics with long names fits too', () => {
    const comparisons = Array.from({ length: 5000 }, (_, i) =>
      comparison({ metric: `${'|'.repeat(200)}${i}`, state: i === 4999 ? 'regressed' : 'pass' }),
    )
    const verdicts = Array.from({ length: 5000 }, () => breach({ threshold: '|'.repeat(300) }))
    const text = renderMarkdown(model({ tests: [failed({ holdings: [holding(comparisons)], verdicts, errors: [holdError()] })] }))
    expect(text.length).toBeLessThan(60_000)
    expect(text).toContain('❌ regressed by more than 10%')
    expect(text).toContain('and 4,960 more, in summary.json')
  })
})
