// Baselines: written by -u, held by later runs, and broken by a server that got slower.
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, expect, test } from 'vitest'
import type { Summary } from '../../reporters/json/schema.ts'
import { encodeTinyModel } from '../../src/engines/llama/tiny-model.ts'
import { list, project, readLatest, readSummary, runBench } from '../e2e/run-vitest.ts'

const BASELINES = 'benchmarks/baselines'

/** Vitest runs several times in each test, one after another. */
const SEVERAL_RUNS = 240_000

/** Whatever the machine does meanwhile, a run counts: what is tried here is what comes after. */
const VALID = `{ lag: '60s', pause: '60s', lateness: '60s', rateShortfall: 1, tokens: 1, boundFactor: 1e9 }`

function holdingsOf({ tests }: Summary): Summary['tests'][number]['holdings'] {
  return tests.flatMap(({ holdings }) => holdings)
}

/** Among all that was compared, with what guards the answers' quality, these. */
function compared(states: Readonly<Record<string, string>>): unknown {
  return expect.arrayContaining(Object.entries(states).map(([metric, state]): unknown => expect.objectContaining({ metric, state })))
}

describe('the embedded engine', { timeout: SEVERAL_RUNS }, () => {
  // Blocks the process that serves at every token: a slowdown that no option tells of.
  const SLOW = `
    import { ServerResponse } from 'node:http'
    if (process.argv[1].includes('embedded')) {
      const { write } = ServerResponse.prototype
      ServerResponse.prototype.write = function (...args) {
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 40)
        return write.apply(this, args)
      }
    }
  `

  test('holds the baseline that -u wrote; slowed down it regresses; another model is not compared', async () => {
    const folder = await project({
      'chat.bench.ts': `
        import { expect, test } from 'vitest'
        import { clients, embedded } from 'vitest-llm-bench'
        const load = { n: 2, rampUp: 0, requests: 4, maxTokens: 8, validity: ${VALID} }
        test('answers', async ({ bench }) => {
          const target = embedded({ model: 'model.gguf', parallel: 2 })
          const run = await bench('chat', clients({ ...load, warmup: 2, repeats: { min: 3, max: 8 }, target })).run()
          await expect(run).toHoldBaseline({ 'tpot.p50': { within: '300%' }, outputTokensPerSecond: '75%', allowFewSamples: true })
        })
        test('another model', async ({ bench }) => {
          const run = await bench('other', clients({ ...load, target: embedded({ model: 'other.gguf', parallel: 2 }) })).run()
          await expect(run).toHoldBaseline({ successRate: '50%' })
        })
      `,
      'slow.mjs': SLOW,
    })
    await writeFile(join(folder, 'model.gguf'), encodeTinyModel())
    await writeFile(join(folder, 'other.gguf'), encodeTinyModel())

    const written = await runBench(folder, ['-u'])
    expect(written.exitCode, written.output).toBe(0)
    expect(holdingsOf(await readSummary(folder))).toMatchObject([
      { bench: 'chat', state: 'written', against: expect.stringMatching(/, 8 runs$/) },
      {
        bench: 'other',
        state: 'written',
        notes: [expect.anything(), expect.stringContaining('Against fewer than 3 runs every comparison is inconclusive')],
      },
    ])
    const names = await list(join(folder, BASELINES))
    expect(names).toHaveLength(2)
    const texts = await Promise.all(names.map((name) => readFile(join(folder, BASELINES, name), 'utf8')))
    expect(JSON.parse(texts[1]!)).toMatchObject({ version: 1, bench: { file: 'chat.bench.ts', test: 'answers', name: 'chat' } })

    const held = await runBench(folder, [], { CI: '1' })
    expect(held.exitCode, held.output).toBe(0)
    expect(holdingsOf(await readSummary(folder))).toMatchObject([
      { bench: 'chat', state: 'held', comparisons: compared({ 'tpot.p50': 'pass', outputTokensPerSecond: 'pass' }) },
      // One run says nothing; it passes, for nothing else was asked for, and is told.
      { bench: 'other', state: 'inconclusive', inconclusive: 'warn', comparisons: compared({ successRate: 'inconclusive' }) },
    ])

    await writeFile(join(folder, 'other.gguf'), encodeTinyModel(undefined, 8))
    const preload = `--import=${pathToFileURL(join(folder, 'slow.mjs')).href}`
    const slowed = await runBench(folder, [], { CI: '1', NODE_OPTIONS: preload })
    expect(slowed.exitCode, slowed.output).toBe(1)
    expect(slowed.output).toMatch(/chat against baseline of .*, 8 runs: 2 of \d+ metrics regressed/)
    expect(slowed.output).toContain(
      'other has baselines of other cohorts only, which are not compared. The nearest differs in:\n  - model.digest',
    )
    expect(holdingsOf(await readSummary(folder))).toMatchObject([
      { bench: 'chat', state: 'regressed', comparisons: compared({ 'tpot.p50': 'regressed', outputTokensPerSecond: 'regressed' }) },
      { bench: 'other', state: 'error', comparisons: [], differences: [{ axis: 'model.digest' }] },
    ])
    const junit = await readLatest(folder, 'junit.xml')
    expect(junit).toMatch(/<failure[\s\S]*tpot\.p50 regressed/)
    expect(await readLatest(folder, 'report.md')).toMatch(/^\| `tpot\.p50` \|.*❌ regressed by more than/m)

    // No run but that with -u has touched them.
    expect(await list(join(folder, BASELINES))).toEqual(names)
    expect(await Promise.all(names.map((name) => readFile(join(folder, BASELINES, name), 'utf8')))).toEqual(texts)
  })
})

describe('what is written, and what is not', { timeout: SEVERAL_RUNS }, () => {
  const BENCHES = `
    import { expect, test } from 'vitest'
    import { clients, requestRate, simulator } from 'vitest-llm-bench'
    const load = { n: 2, rampUp: 0, requests: 4, maxTokens: 4, validity: ${VALID} }
    const target = simulator({ ttft: 5, itl: 1, maxNumSeqs: process.env.SEQS ? Number(process.env.SEQS) : 4 })
    const hold = { 'e2e.p50': '500%', allowFewSamples: true }

    test('known', async ({ bench }) => {
      const run = await bench('known', clients({ ...load, repeats: 3, target })).run()
      await expect(run).toHoldBaseline({ ...hold, across: process.env.ACROSS ? ['engine.flags'] : undefined })
      await expect(run).toHoldBaseline({ successRate: '1%' })
    })

    test('another', async ({ bench }) => {
      await expect(await bench('another', clients({ ...load, target })).run()).toHoldBaseline(hold)
    })

    test('broken', async ({ bench }) => {
      await expect(await bench('broken', clients({ ...load, target: simulator({ ttft: 5 }) })).run()).toHoldBaseline(hold)
    })

    test('whole', async ({ bench }) => {
      await expect(await bench('whole', clients({ ...load, stream: false, target })).run()).toHoldBaseline()
    })

    let attempts = 0
    test('flaky', { retry: 1 }, async ({ bench }) => {
      attempts++
      const run = await bench('flaky', clients({ ...load, target: simulator({ ttft: 5 }) })).run()
      await expect(run).toHoldBaseline(hold)
      expect(attempts).toBeGreaterThan(process.env.CALM ? 0 : 1)
    })

    test('degraded', async ({ bench }) => {
      const validity = { ...load.validity, lateness: '0.000001ms', latenessShare: 0 }
      const run = await bench('disturbed', requestRate({ rate: 100, requests: 4, maxTokens: 2, target: simulator({ ttft: 5 }), validity })).run()
      await expect(run).toHoldBaseline(hold)
    })

    test('no percentile that few requests support', async ({ bench }) => {
      await expect(await bench('few', clients({ ...load, target })).run()).toHoldBaseline({ 'ttft.p99': '10%' })
    })

    test('turned round', async ({ bench }) => {
      await expect(await bench('turned', clients({ ...load, target })).run()).not.toHoldBaseline()
    })
  `

  test('outside CI a first baseline is; in CI nothing is, and whatever is missing, foreign or broken is told by name', async () => {
    const folder = await project({ 'a.bench.ts': BENCHES })
    const first = await runBench(folder)
    const messages = await errorsOf(folder)
    expect(first.exitCode, first.output).toBe(1)
    expect(messages).toEqual({
      known: [],
      another: [],
      broken: [],
      whole: [],
      flaky: [],
      degraded: [expect.stringMatching(/^The baseline of disturbed is not written: its run is degraded[^]*\n {2}- .*\n {2}Measure again/)],
      'no percentile that few requests support': [
        expect.stringContaining('ttft.p99, which is to hold, needs 662 samples in every run and one has 4'),
      ],
      'turned round': [expect.stringContaining("toHoldBaseline() can't be turned round by .not")],
    })
    const names = await list(join(folder, BASELINES))
    expect(names.map((name) => name.replace(/_[\da-f]{8}_[\da-f]{8}\.json$/, ''))).toEqual([
      'a_another_another',
      'a_broken_broken',
      'a_flaky_flaky',
      'a_known_known',
      'a_whole_whole',
    ])
    const holdings = holdingsOf(await readSummary(folder))
    expect(holdings.filter(({ bench }) => bench === 'known')).toMatchObject([
      { state: 'written', notes: [expect.stringMatching(/^Written to benchmarks\/baselines\/a_known_known_\S+\.json: there was none\.$/)] },
      { state: 'written', notes: ['It was written for another assertion on the same run.'] },
    ])
    // The retry's runs took the place of the first attempt's.
    expect(holdings.filter(({ bench }) => bench === 'flaky').map(({ state, attempt }) => [state, attempt])).toEqual([
      ['written', 0],
      ['written', 1],
    ])
    const flaky = JSON.parse(await readFile(join(folder, BASELINES, names[2]!), 'utf8')) as { runs: { startedAt: string }[] }
    const attempts = (await readSummary(folder)).tests.find(({ name }) => name === 'flaky')!.runs
    expect(flaky.runs.map(({ startedAt }) => startedAt)).toEqual([attempts[1]!.startedAt])

    const path = join(folder, BASELINES, names[1]!)
    const broken = (await readFile(path, 'utf8')).replace('  "runs"', '<<<<<<< HEAD\n  "runs"')
    await writeFile(path, broken)
    const inCI = await runBench(folder, ['-t', '^(known|another|broken|degraded)$'], { CI: '1', SEQS: '8', ACROSS: '1', CALM: '1' })
    expect(inCI.exitCode, inCI.output).toBe(1)
    expect(await errorsOf(folder)).toMatchObject({
      // The second assertion names no axis.
      known: [expect.stringContaining('known has baselines of other cohorts only')],
      another: [
        expect.stringMatching(
          /differs in:\n {2}- engine\.flags .*maxNumSeqs=4 .*, now .*maxNumSeqs=8 [^]*toHoldBaseline\(\{ across: \['engine\.flags'\] \}\)/,
        ),
      ],
      broken: [
        expect.stringMatching(
          /^The baseline \S+a_broken_broken_\S+\.json can't be read: line \d+ is the mark of a merge conflict\. Restore it/,
        ),
      ],
      degraded: [
        expect.stringMatching(
          /^disturbed has no baseline in \S+benchmarks\/baselines, and none is written by the way in CI: run `vitest bench -u`/,
        ),
      ],
    })
    expect(holdingsOf(await readSummary(folder)).find(({ bench }) => bench === 'known')).toMatchObject({
      state: 'held',
      differences: [{ axis: 'engine.flags' }],
      comparisons: [{ metric: 'e2e.p50', state: 'pass' }],
    })
    expect(await list(join(folder, BASELINES))).toEqual(names)
    expect(await readFile(path, 'utf8')).toBe(broken)
  })
})

/** What every test failed with. */
async function errorsOf(folder: string): Promise<Record<string, string[]>> {
  const { tests } = await readSummary(folder)
  const ran = tests.filter(({ state }) => state !== 'skipped')
  return Object.fromEntries(ran.map(({ name, state, errors }) => [name, state === 'passed' ? [] : errors.map(({ message }) => message)]))
}
