// What a gate says of a server that has changed, end to end. The server is the simulator, started outside of the suite as the next
// version of a server is; the baseline was written with the one before.
import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parseSimulator } from '../../src/dsl/simulator.ts'
import { startSimulator } from '../../src/servers/simulator/start.ts'
import type { Summary } from '../../reporters/json/schema.ts'
import { measuring } from '../busy-machine.ts'
import { serveHosting } from '../stand-ins/hosting.ts'
import { PLAIN_CONFIG, project, readLatest, readSummary, REPOSITORY, runBench } from '../e2e/run-vitest.ts'
import type { Finished } from '../e2e/run-vitest.ts'

/** An answer takes 80 + 136 × 8 = 1,168 ms: 30 % more TTFT move it, and throughput, by 2 %. */
const SERVER = { ttft: 80, itl: 8 }
const TOKENS = 137

/** Metrics, and how far they may move. */
const WITHIN = { 'ttft.p50': '10%', 'e2e.p50': '5%', outputTokensPerSecond: '5%' }

const FILES = {
  'vitest.config.ts': PLAIN_CONFIG.replace(
    'llmBench()',
    'llmBench({ environment: { gpu: process.env.GPU }, validity: JSON.parse(process.env.VALIDITY) })',
  ),
  'chat.bench.ts': `
    import { expect, test } from 'vitest'
    import { clients, openai } from 'vitest-llm-bench'
    test('users', async ({ bench }) => {
      const target = openai({ baseURL: process.env.SERVER })
      const repeats = JSON.parse(process.env.REPEATS)
      const run = await bench('chat', clients({ n: 16, rampUp: 0.1, requests: 16, outputLength: ${TOKENS}, target, repeats })).run()
      await expect(run).toHoldBaseline(${JSON.stringify(WITHIN)})
    })
  `,
}

/** What is decided from runs may, with a small chance, be decided otherwise; a machine busy with other tests adds to it. */
const BY_CHANCE = { retry: 2 }

/** A machine that is busy with other tests must not be what is told of. */
const TOLERANT = { lag: '60s', pause: '60s', lagShare: 1, tokens: 1, boundFactor: 1e6 }

let folder: string
const ends: (() => Promise<void>)[] = []

interface Outcome extends Finished {
  readonly test: Summary['tests'][number]
  readonly junit: string
  readonly report: string
}

/** Runs the suite against a server of these times. */
async function gate(server: object, args: string[] = [], env: Record<string, string> = {}): Promise<Outcome> {
  const running = await startSimulator(parseSimulator({ ...SERVER, ...server }, 'simulator()'), { root: folder })
  try {
    const settings = { SERVER: running.baseURL, GPU: 'H100', REPEATS: '{ "min": 3, "max": 5 }', VALIDITY: JSON.stringify(TOLERANT) }
    const finished = await runBench(folder, args, { ...settings, ...env })
    const { tests } = await readSummary(folder)
    const [junit, report] = await Promise.all([readLatest(folder, 'junit.xml'), readLatest(folder, 'report.md')])
    return { ...finished, test: tests[0]!, junit, report }
  } finally {
    await running.close()
  }
}

/** The state of each metric. */
function states({ test }: Outcome): Record<string, string> {
  return Object.fromEntries(test.holdings.flatMap(({ comparisons }) => comparisons.map(({ metric, state }) => [metric, state])))
}

/** Posts what the newest run came to. */
async function comment(url: string): Promise<string> {
  const env = { ...process.env, GITHUB_API_URL: url, GITHUB_TOKEN: 'token' }
  const args = ['comment', join(folder, 'bench-results'), '--provider', 'github', '--repository', 'owner/name', '--pr', '12']
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [join(REPOSITORY, 'dist/src/cli.js'), ...args], { env }, (error, stdout) =>
      error ? reject(error) : resolve(stdout),
    )
  })
}

beforeAll(async () => {
  folder = await project(FILES, (end) => ends.push(end))
  const { exitCode, output, test } = await gate({}, ['-u'])
  expect(exitCode, output).toBe(0)
  expect(test.holdings).toMatchObject([{ state: 'written' }])
}, 90_000)

afterAll(() => Promise.all(ends.map((end) => end())))

test(
  'the same server holds, and nobody is told',
  BY_CHANCE,
  measuring(async () => {
    const outcome = await gate({})
    expect(outcome.exitCode, outcome.output).toBe(0)
    expect(states(outcome)).toEqual({ 'ttft.p50': 'pass', 'e2e.p50': 'pass', outputTokensPerSecond: 'pass' })
    expect(outcome.report).toMatch(/^## ✅ Performance held/)
    const host = await serveHosting()
    expect(await comment(host.url)).toContain('nothing changed beyond the noise')
    expect(host.comments).toEqual([])
  }),
)

test(
  'a TTFT that is 30 % longer is all that regressed, in every report',
  BY_CHANCE,
  measuring(async () => {
    const summary = join(folder, 'step-summary.md')
    const outcome = await gate({ ttft: SERVER.ttft * 1.3 }, [], { GITHUB_ACTIONS: 'true', GITHUB_STEP_SUMMARY: summary })
    expect(outcome.exitCode, outcome.output).toBe(1)
    // A bench that has regressed is not run again for what is undecided.
    const held = expect.stringMatching(/^(?:pass|inconclusive)$/) as string
    expect(states(outcome)).toEqual({ 'ttft.p50': 'regressed', 'e2e.p50': held, outputTokensPerSecond: held })
    expect(outcome.report).toMatch(/^## ❌ Performance regressed\n\n\*\*Regressed:\*\* `ttft\.p50` of `chat` \(\+[23]\d/)
    expect(await readFile(summary, 'utf8')).toContain(outcome.report)
    // Vitest's own reporter marks what was thrown; ours would mark it a second time.
    expect(outcome.output.match(/^::error .*chat\.bench\.ts,.*line=8/gm)).toHaveLength(1)
    expect(outcome.junit.match(/<failure/g)).toHaveLength(1)
    expect(outcome.junit).not.toContain('<error')
    const host = await serveHosting()
    expect(await comment(host.url)).toContain('Comment made.')
    expect(host.comments[0]!.body).toContain('Performance regressed')
  }),
)

test(
  'a throughput that is 10 % lower is told, though TTFT is the same',
  BY_CHANCE,
  measuring(async () => {
    const outcome = await gate({ itl: 8.95 })
    expect(outcome.exitCode, outcome.output).toBe(1)
    expect(states(outcome)).toMatchObject({ outputTokensPerSecond: 'regressed' })
    expect(states(outcome)['ttft.p50']).not.toBe('regressed')
  }),
)

test('a client-bound run is invalid, whatever it measured', async () => {
  const tight = { pause: '0.001ms', boundFactor: 1 }
  const outcome = await gate({ ttft: 200 }, [], { REPEATS: '1', VALIDITY: JSON.stringify(tight) })
  expect(outcome.exitCode, outcome.output).toBe(1)
  expect(outcome.test.holdings).toMatchObject([{ state: 'invalid', comparisons: [] }])
  expect(outcome.report).toMatch(/^## ❌ Runs are invalid/)
  expect(outcome.junit).toContain('<error')
  expect(outcome.junit).not.toContain('<failure')
})

test('on another GPU nothing is compared, and the difference is named', async () => {
  const outcome = await gate({ ttft: 200 }, [], { REPEATS: '1', GPU: 'B200', CI: 'true' })
  expect(outcome.exitCode, outcome.output).toBe(1)
  expect(outcome.test.holdings).toMatchObject([
    { state: 'error', comparisons: [], differences: [{ axis: 'environment.gpu', reference: 'H100', measured: 'B200' }] },
  ])
  expect(outcome.report).toContain('`environment.gpu`: `H100` in the baseline, `B200` now')
})
