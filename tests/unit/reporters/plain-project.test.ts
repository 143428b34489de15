import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { stripVTControlCharacters } from 'node:util'
import { afterAll, beforeAll, describe, expect, test as it } from 'vitest'
import { summarySchema } from '../../../reporters/json/schema.ts'
import type { Summary } from '../../../reporters/json/schema.ts'
import { hasXmllint, readCases, xmlProblems } from './xml.ts'

const root = fileURLToPath(new URL('projects/plain', import.meta.url))
const vitest = fileURLToPath(new URL('../../../node_modules/vitest/vitest.mjs', import.meta.url))

interface Outcome {
  code: number
  output: string
}

function bench(where: { RESULTS?: string; PROVIDED?: string; ALONE?: string }, ...args: string[]): Promise<Outcome> {
  const env = {
    ...process.env,
    RESULTS: undefined,
    PROVIDED: undefined,
    ...where,
    NO_COLOR: '1',
    VITEST: undefined,
    VITEST_WORKER_ID: undefined,
    CI: undefined,
  }
  return new Promise((resolve) => {
    execFile(process.execPath, [vitest, 'bench', '--run', '--root', root, ...args], { env, cwd: root }, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, output: stripVTControlCharacters(stdout + stderr) })
    })
  })
}

const summaryIn = (folder: string): Summary => summarySchema.parse(JSON.parse(readFileSync(join(folder, 'summary.json'), 'utf8')))
const namesIn = (folder: string): string[] => readCases(readFileSync(join(folder, 'junit.xml'), 'utf8')).map(({ name }) => name)

// What vitest really hands to reporters, and really prints through ours.
describe('reporters without the plugin', () => {
  const folder = mkdtempSync(join(tmpdir(), 'llm-bench-reporters-'))
  let whole: Outcome
  let summary: Summary
  const named = (name: string): Summary['tests'][number] => summary.tests.find((test) => test.name === name)!

  beforeAll(async () => {
    whole = await bench({ RESULTS: folder })
    summary = summaryIn(folder)
  }, 60_000)

  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  it('model every test in the order of files and of each file', () => {
    expect(whole.code).toBe(1)
    expect(summary.tests.map(({ file, suites, name, state }) => [file, [...suites, name].join(' > '), state])).toEqual([
      ['benches/chat.bench.ts', 'nightly > keeps its SLO', 'passed'],
      ['benches/chat.bench.ts', 'nightly > breaks it', 'failed'],
      ['benches/chat.bench.ts', 'passes on a retry', 'passed'],
      ['benches/chat.bench.ts', 'can not be measured', 'failed'],
      ['benches/chat.bench.ts', 'is left out', 'skipped'],
      ['benches/ordinary.bench.ts', 'ordinary', 'passed'],
      ['benches/ordinary.bench.ts', 'mixed', 'passed'],
    ])
    expect(summary.partial).toBe(false)
    expect(Object.keys(summary.environment)).toEqual(['platform', 'node', 'cpu'])
  })

  it('take runs from artifacts and verdicts from meta', () => {
    expect(named('keeps its SLO').runs.map(({ bench }) => bench)).toEqual(['chat'])
    expect(named('breaks it').verdicts.map(({ state }) => state)).toEqual(['pass', 'fail'])
  })

  it('tell breaches from runs that could not be measured, without colours and with a place in the file', () => {
    expect(named('breaks it').errors).toEqual([
      expect.objectContaining({
        name: 'SLOBreachError',
        message: 'chat breaks 1 of 2 thresholds: ttft.p99 <= 100ms',
        cause: 'threshold',
        at: expect.stringMatching(/^benches\/chat\.bench\.ts:16:\d+$/) as string,
      }),
    ])
    expect(named('can not be measured').errors.map(({ cause }) => cause)).toEqual(['run'])
    expect(named('breaks it').line).toBe(13)
  })

  it('call a pass on retry flaky and keep every attempt’s run and verdict', () => {
    const flaky = named('passes on a retry')
    expect(flaky).toMatchObject({ flaky: true, attempts: 2, errors: [] })
    expect(flaky.runs.map(({ attempt }) => attempt)).toEqual([0, 1])
    expect(flaky.verdicts.map(({ attempt, state }) => [attempt, state])).toEqual([
      [0, 'fail'],
      [1, 'pass'],
    ])
  })

  it('keep ordinary benchmarks apart from workloads', () => {
    expect(named('keeps its SLO').benchmarks).toEqual([])
    expect(named('ordinary').benchmarks.map(({ name, samples }) => [name, samples])).toEqual([['parse', 3]])
    expect(named('mixed').benchmarks.map(({ name }) => name)).toEqual(['theirs'])
  })

  it('report a file that does not load', () => {
    expect(summary.unhandledErrors).toEqual([
      expect.objectContaining({
        name: 'SyntaxError',
        message: 'this file does not load',
        file: 'benches/broken.bench.ts',
        at: 'benches/broken.bench.ts:1:7',
      }),
    ])
  })

  it('write JUnit that servers can read', () => {
    const xml = readFileSync(join(folder, 'junit.xml'), 'utf8')
    if (hasXmllint) expect(xmlProblems(xml)).toBe('')
    const cases = readCases(xml)
    expect(cases.filter(({ failures }) => failures.length > 0).map(({ name }) => name)).toEqual([
      'nightly > breaks it > chat: ttft.p99 <= 100ms',
    ])
    expect(cases.filter(({ errors }) => errors.length > 0).map(({ name }) => name)).toEqual([
      'can not be measured',
      'File or suite: this file does not load',
    ])
    expect(cases.find(({ failures }) => failures.length > 0)!.failures[0]!.text).toMatch(/\n {4}at benches\/chat\.bench\.ts:16:\d+$/)
  })

  it('print our table in the place of Tinybench’s, and Tinybench’s for ordinary and mixed groups', () => {
    const tables = whole.output.split('\n').filter((line) => / rme +samples$/.test(line.trimEnd()))
    expect(tables).toHaveLength(2)
    expect(whole.output).toMatch(/\n +parse +[\d,.]+/)
    expect(whole.output).toMatch(/\n +theirs +[\d,.]+/)
    expect(whole.output).not.toMatch(/\n +chat +[\d,.]+ +[\d.]+/)
    // Four tests leave five runs, the retried one two; each is printed once, below its test's name.
    expect(whole.output.match(/TTFT +44\.00 /g)).toHaveLength(5)
    expect(whole.output).toMatch(/keeps its SLO.*\n +chat\n +16 clients/)
    expect(whole.output).toContain('✗ ttft.p99 <= 100ms: measured 120 ms, limit 100 ms, margin −20%')
    expect(whole.output).toContain('chat  attempt 2')
  })

  it('say where the files lie', () => {
    expect(whole.output).toContain(`junit.xml written to ${join(folder, 'junit.xml')}`)
    expect(whole.output).not.toContain('standalone')
  })

  it('report the same after shards are merged, without the facts of the merging machine', async () => {
    const blobs = join(folder, 'blobs')
    const shards = await Promise.all(
      [1, 2].map((n) => bench({ RESULTS: folder }, `--shard=${n}/2`, '--reporter=blob', `--outputFile.blob=${join(blobs, `${n}.json`)}`)),
    )
    expect(shards.map(({ output }) => output).join('\n')).not.toContain('Unhandled')
    const merged = join(folder, 'merged')
    const outcome = await bench({ RESULTS: merged }, `--merge-reports=${blobs}`)
    expect(outcome.code).toBe(1)
    expect(namesIn(merged)).toEqual(namesIn(folder))
    const again = summaryIn(merged)
    expect(again.environment).toEqual({})
    expect(again.tests.map(({ errors, runs, verdicts, flaky }) => ({ errors, runs, verdicts, flaky }))).toEqual(
      summary.tests.map(({ errors, runs, verdicts, flaky }) => ({ errors, runs, verdicts, flaky })),
    )
    expect(outcome.output.match(/TTFT +44\.00 /g)).toHaveLength(5)
  }, 60_000)

  it('take folder, start and environment from what the plugin provides', async () => {
    const resultsFolder = join(folder, 'provided')
    const settings = { root, resultsFolder, startedAt: '2026-03-01T12:00:00.000Z', environment: { gpu: 'H100', node: 'v1' } }
    const outcome = await bench({ PROVIDED: JSON.stringify(settings) }, 'chat', '-t', 'keeps its SLO')
    expect(outcome.code).toBe(0)
    expect(outcome.output).toContain(`Results  ${relative(root, resultsFolder)}`)
    expect(outcome.output).not.toContain('written to')
    const provided = summaryIn(resultsFolder)
    expect(provided.startedAt).toBe(settings.startedAt)
    expect(provided.resultsFolder).toBe(relative(root, resultsFolder))
    expect(provided.environment).toMatchObject({ gpu: 'H100', node: 'v1', platform: expect.stringContaining(process.platform) as string })
    expect(provided.tests.map(({ name, state }) => [name, state])).toContainEqual(['keeps its SLO', 'passed'])
  }, 60_000)

  it('print tables beside any reporter of Vitest’s, each once, also when reports are merged', async () => {
    const alone = { RESULTS: join(folder, 'alone'), ALONE: '1' }
    const live = await bench(alone, 'chat')
    expect(live.output).toMatch(/✓ benches\/chat\.bench\.ts > nightly > keeps its SLO\nchat\n {2}16 clients/)
    expect(live.output).toContain('✗ benches/chat.bench.ts > nightly > breaks it')
    expect(live.output.match(/TTFT +44\.00 /g)).toHaveLength(4)
    const blobs = join(folder, 'alone-blobs')
    await bench(alone, 'chat', '--reporter=blob', `--outputFile.blob=${join(blobs, '1.json')}`)
    const merged = await bench(alone, `--merge-reports=${blobs}`)
    expect(merged.output.match(/TTFT +44\.00 /g)).toHaveLength(4)
  }, 60_000)

  it('name the file and the way out where it can’t be written', async () => {
    const blocked = join(folder, 'a-file')
    writeFileSync(blocked, '')
    const outcome = await bench({ RESULTS: blocked }, 'ordinary')
    expect(outcome.code).toBe(1)
    expect(outcome.output).toContain(`the folder ${blocked}: a part of its path is a file`)
    expect(outcome.output).toContain('outputFile')
  }, 60_000)
})
