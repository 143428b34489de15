import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bisect } from '../../../src/cli/bisect.ts'
import { UntestedError } from '../../../src/cli/bisect/lab.ts'
import type { Lab } from '../../../src/cli/bisect/lab.ts'
import { mostRuns } from '../../../src/cli/bisect/plan.ts'
import type { BisectPlan } from '../../../src/cli/bisect/plan.ts'
import { BisectRecord } from '../../../src/cli/bisect/record.ts'
import { renderOutcome } from '../../../src/cli/bisect/render.ts'
import { search } from '../../../src/cli/bisect/search.ts'
import { LlmBenchError } from '../../../src/errors.ts'
import { createStyle } from '../../../reporters/terminal/style.ts'
import { checkHold } from '../../../src/verdict/check-hold.ts'
import { runsOf } from '../verdict/samples.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bisect-'))
})
afterAll(() => rm(folder, { recursive: true }))

describe('bad flags are an error that says what to write', () => {
  const versions = ['--good', 'v1', '--bad', 'v3', '--versions', 'v1,v2,v3']
  const launch = ['--launch', 'serve {version} {port}']
  test.for<[args: string[], message: string]>([
    [[], '--good and --bad are needed'],
    [['--good', 'v1', '--bad', 'v2'], 'by one of --versions v1,v2,… and --versions-from FILE'],
    [[...versions, '--versions-from', 'x'], 'by one of --versions v1,v2,… and --versions-from FILE'],
    [['--good', 'v1', '--bad', 'v2', '--versions-from', 'gone.txt'], "--versions-from gone.txt can't be read: ENOENT"],
    [['--good', 'v1', '--bad', 'v1', '--versions', 'v1,v2'], '--good and --bad are the same version, v1'],
    [['--good', 'v3', '--bad', 'v1', '--versions', 'v1,v2,v3'], 'v1 comes before v3 in the list: list the oldest version first'],
    [['--good', 'v1', '--bad', 'v33', '--versions', 'v1,v2,v3'], 'version "v33" is not among the versions: did you mean v3?'],
    [['--good', 'v1', '--bad', 'v2', '--versions', 'v1,v2,v1'], 'version v1 is listed twice'],
    [['--good', 'v1', '--bad', 'v2', '--versions', 'v1,$(rm -r x),v2'], 'version "$(rm -r x)" can\'t be put into a command'],
    [['--good', 'v1', '--bad', '-f', '--versions', 'v1,v2'], 'ambiguous'],
    [[...versions, '--launch', 'serve {port}'], 'neither --launch nor --prepare has {version}: every version would be the same'],
    [[...versions, '--launch', 'serve {version}'], '--launch does not say {port}: put it where the server takes its port'],
    [[...versions, '--url', 'http://127.0.0.1:1/v1'], '--url and --ready-timeout are about the server of --launch'],
    [[...versions, ...launch, '--repeats', '6..3'], '--repeats is 6..3: expected the least and the most, as in 3..6'],
    [[...versions, ...launch, '--repeats', '2'], '--repeats is 2: fewer than 3 runs of a version decide nothing'],
    [[...versions, ...launch, '--metric', 'ttft.p5=1%'], 'has no metric `ttft.p5`: did you mean `ttft.p50`?'],
    [[...versions, ...launch, '--max-runs', 'many'], '`maxRuns` is "many": expected a whole number'],
    [[...versions, ...launch, 'chat.bench.ts'], 'has no use for "chat.bench.ts"'],
    [[...versions, ...launch, '--resume', 'gone'], "--resume gone: gone/bisect.json can't be read"],
  ])('%j', async ([args, message]) => {
    await expect(bisect.run([...args, '--results', join(folder, 'none')])).rejects.toMatchObject({
      name: 'LlmBenchError',
      message: expect.stringContaining(message) as string,
    })
  })

  test('versions are read from a file, a line each', async () => {
    const file = join(folder, 'versions.txt')
    await writeFile(file, '# all of them\nv0\nv1\n\n v2\nv3 \n')
    const args = ['--good', 'v1', '--bad', 'v9', '--versions-from', file, ...launch]
    await expect(bisect.run(args)).rejects.toThrow('version "v9" is not among the versions')
  })
})

/** What a suite run of a version measures: a mean TTFT, how noisy it is, or that it does not start. */
type World = Readonly<Record<string, { ttft: number; spread?: number } | 'broken'>>

/** Plays a search over versions whose suite is run in no time. */
async function play(
  world: World,
  { record, ...over }: { repeats?: BisectPlan['repeats']; maxRuns?: number; interruptAt?: number; record?: BisectRecord } = {},
) {
  const plan: BisectPlan = {
    versions: Object.keys(world),
    metric: [],
    across: [],
    repeats: over.repeats ?? { min: 3, max: 5 },
    benchArgs: [],
  }
  const kept = record ?? (await BisectRecord.create(folder, plan, new Date()))
  const starts: string[] = []
  let runs = 0
  const lab: Lab = {
    async withVersion(version, use) {
      starts.push(version)
      const made = world[version]!
      if (made === 'broken') throw new UntestedError(`${version} has no kernels`)
      const samples = runsOf({ 'ttft.p50': made.ttft, outputTokensPerSecond: 1000 }, plan.repeats.max, {}, made.spread)
      let next = 0
      return use(async () => {
        if (++runs === over.interruptAt) throw new LlmBenchError('CANCELLED', 'interrupted')
        return [samples[next++]!]
      })
    },
  }
  const terms = { hold: checkHold(undefined, 'bisect'), within: undefined }
  const outcome = await search({ plan, terms, lab, record: kept, maxRuns: over.maxRuns, tell: () => {} })
  return { outcome, starts, text: renderOutcome(outcome, mostRuns(plan), createStyle(false)), record: kept }
}

const fast = { ttft: 100 }
const slow = { ttft: 150 }

describe('the search', () => {
  test('takes no more suite runs than it states', async () => {
    const { outcome, text } = await play({ v1: fast, v2: fast, v3: fast, v4: fast, v5: slow, v6: slow, v7: slow, v8: slow })
    expect(outcome.result).toEqual({ kind: 'found', firstBad: 'v5', lastGood: 'v4' })
    expect(text).toContain('v5 is the first bad version: v4 is good (by ttft.p50 of chat)')
    expect(text).toMatch(/^v5 +3 +bad +\+50% +\S+% to \S+% +ttft\.p50 of chat$/m)
    expect(text).toContain('17 suite runs, of 25 at most')
    expect(outcome.versions[0]).toMatchObject({ version: 'v1', state: 'reference', suiteRuns: 5 })
  })

  test('runs a version that does not tell up to the most, and tries its neighbours', async () => {
    const unclear = { ttft: 112, spread: 0.15 }
    const { outcome, starts, text } = await play({ v1: fast, v2: fast, v3: unclear, v4: slow, v5: slow })
    expect(starts).toEqual(['v1', 'v5', 'v3', 'v2', 'v4'])
    expect(outcome.versions[2]).toMatchObject({ state: 'undecided', suiteRuns: 5 })
    expect(outcome.result).toEqual({ kind: 'range', candidates: ['v3', 'v4'], lastGood: 'v2' })
    expect(text).toContain('The first bad version is one of v3 (undecided), v4: v2 is good')
  })

  test('skips what does not start, and says why', async () => {
    const { outcome, text } = await play({ v1: fast, v2: 'broken', v3: slow })
    expect(outcome.result).toEqual({ kind: 'range', candidates: ['v2', 'v3'], lastGood: 'v1' })
    expect(text).toContain('v2 was skipped: v2 has no kernels')
  })

  test.for([
    [{ v1: fast, v2: slow, v3: fast }, 'v3 is not bad: it holds against v1'],
    [{ v1: fast, v2: slow, v3: { ttft: 112, spread: 0.15 } }, 'v3 is not shown to be bad: its runs decide nothing'],
    [{ v1: fast, v2: slow, v3: 'broken' }, "v3 can't be measured, and it should be the bad one"],
  ] as const)('looks at the bad version first, and ends where it is not shown to be bad', async ([world, message]) => {
    const { starts, text } = await play(world)
    expect(starts).toEqual(['v1', 'v3'])
    expect(text).toContain(message)
  })

  test('has nothing to hold versions against where the good one does not start', async () => {
    await expect(play({ v1: 'broken', v2: slow })).rejects.toThrow("the good version, v1, can't be measured: v1 has no kernels")
  })

  test('ends with what it knows where its runs are spent or it is interrupted', async () => {
    const world = { v1: fast, v2: fast, v3: slow, v4: slow, v5: slow }
    const spent = await play(world, { maxRuns: 11 })
    expect(spent.outcome).toMatchObject({
      suiteRuns: 11,
      result: { kind: 'stopped', why: 'max-runs', lastGood: 'v1', candidates: ['v2', 'v3'] },
    })
    const interrupted = await play(world, { interruptAt: 9 })
    expect(interrupted.outcome.result).toMatchObject({ kind: 'stopped', why: 'interrupted', candidates: ['v2', 'v3', 'v4', 'v5'] })
  })

  test('going on, a version that could not be measured is not tried again', async () => {
    const world: World = { v1: fast, v2: 'broken', v3: slow }
    const { record } = await play(world)
    const { starts, outcome } = await play(world, { record })
    expect(starts).not.toContain('v2')
    expect(outcome.versions[1]).toMatchObject({ state: 'untested', notes: ['v2 has no kernels'] })
  })
})
