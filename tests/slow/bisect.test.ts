// `vitest-llm-bench bisect` over simulated versions, as a user runs it.
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { measuring } from '../busy-machine.ts'
import { processesUsing } from '../e2e/processes.ts'
import { runCommand } from '../e2e/run-cli.ts'
import { project, REPOSITORY } from '../e2e/run-vitest.ts'

const VERSIONS = ['v1', 'v2', 'v3', 'v4', 'v5', 'v6', 'v7', 'v8']

/** Slower from v6 on, by more than a busy machine makes of one; v4 does not start. */
const SERVE = `
  case "$1" in
    v4) echo "no kernels for $1" >&2; exit 3 ;;
    v[1-5]) ttft=40 ;;
    *) ttft=400 ;;
  esac
  exec node ${REPOSITORY}/dist/src/cli.js serve --simulate --port "$2" --ttft $ttft --itl 1
`

/** Names no target, and says nothing of versions. */
const SUITE = `
  import { test } from 'vitest'
  import { clients } from 'vitest-llm-bench'
  test('users', async ({ bench }) => {
    await bench('chat', clients({ n: 4, requests: 16, maxTokens: 4, validity: { boundFactor: 1e9 } })).run()
  })
  test('is not asked for', () => { throw new Error('it was run') })
`

const FLAGS = ['--launch', 'sh serve.sh {version} {port}', '--metric', 'ttft.p50=100%', '--repeats', '3..3']

const bisectArgs = (...more: string[]): string[] => {
  const rest = ['--', '-t', 'users']
  return ['bisect', '--good', 'v1', '--bad', 'v8', '--versions', VERSIONS.join(','), ...FLAGS, ...more, ...rest]
}

const suite = () => project({ 'chat.bench.ts': SUITE, 'serve.sh': SERVE })

interface Outcome {
  mostRuns: number
  folder: string
  suiteRuns: number
  result: object
  versions: { version: string; state?: string; suiteRuns: number; notes: string[] }[]
}

test(
  'of eight versions the first slow one is found within the stated number of runs; one that does not start is skipped',
  { timeout: 240_000 },
  measuring(async () => {
    const folder = await suite()
    const { code, output, stdout } = await runCommand(bisectArgs('--json'), folder).ended
    expect([code, output]).toEqual([0, expect.stringContaining('8 versions, 3 to 3 suite runs each: at most 15 in all')])
    const outcome = JSON.parse(stdout) as Outcome
    expect(outcome.result).toEqual({ kind: 'found', firstBad: 'v6', lastGood: 'v5' })
    expect(outcome.mostRuns).toBe(15)
    expect(outcome.suiteRuns).toBe(12)
    expect(outcome.versions.map(({ version, state, suiteRuns }) => [version, state, suiteRuns])).toEqual([
      ['v1', 'reference', 3],
      ['v2', undefined, 0],
      ['v3', undefined, 0],
      ['v4', 'untested', 0],
      ['v5', 'good', 3],
      ['v6', 'bad', 3],
      ['v7', undefined, 0],
      ['v8', 'bad', 3],
    ])
    // The end of its log is told, while it runs and afterwards.
    expect(outcome.versions[3]!.notes[0]).toContain('no kernels for v4')
    expect(output).toMatch(/^v4: skipped: v4 ended with exit code 3 before it was ready/m)
    expect(output).toMatch(/^v6: bad: chat: ttft\.p50 regressed: /m)
    expect(await processesUsing(folder)).toEqual([])
    // All that was measured can be looked at afterwards.
    const compared = await runCommand(
      ['compare', `${outcome.folder}/runs/5_v5`, `${outcome.folder}/runs/6_v6`, '--metric', 'ttft.p50=100%'],
      folder,
    ).ended
    expect(compared.output).toMatch(/ttft\.p50 .* regressed$/m)
  }),
)

test('Ctrl-C leaves no process and says what is known; --resume goes on with what was measured', async () => {
  const folder = await suite()
  const first = runCommand(bisectArgs(), folder)
  await first.says(/^v1: suite run 2 /m)
  first.child.kill('SIGINT')
  const { code, output } = await first.ended
  expect(code).toBe(130)
  expect(output).toContain('Interrupted: the first bad version is one of v2, v3, v4, v5, v6, v7, v8, as far as is known')
  expect(await processesUsing(folder)).toEqual([])
  const [, record] = /--resume (\S+) to go on/.exec(output)!
  const { versions } = JSON.parse(await readFile(join(folder, record!, 'bisect.json'), 'utf8')) as { versions: object }
  expect(versions).toEqual({ v1: { runs: ['runs/1_v1/1'] } })

  const again = await runCommand(bisectArgs('--resume', record!, '--max-runs', '2'), folder).ended
  expect(again.output).toMatch(/^v1: suite run 2 of up to 3$/m)
  expect(again.output).not.toMatch(/^v1: suite run [13] /m)
  expect(again.output).toContain('The runs of --max-runs are spent: the first bad version is one of v2, v3,')
  expect(again.code).toBe(1)
  expect(await readdir(join(folder, 'bench-results'))).toHaveLength(1)

  const other = await runCommand(bisectArgs('--resume', record!, '--within', '9%'), folder).ended
  expect([other.code, other.output]).toEqual([2, expect.stringContaining('is about another search: its within was')])
})
