// Runs that are killed at random moments, from the start of Vitest to the end of its reports: whatever a run has started is gone with
// it. The moments follow from a seed, which every test's name holds, and which `LLM_BENCH_SEED` sets; `LLM_BENCH_KILLS` sets how many. On servers and engines of the
// tests always; on llama.cpp's server where `LLM_BENCH_LLAMA_SERVER` holds its command.
import { readFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, describe, expect, onTestFinished, test } from 'vitest'
import { createRandom } from '../../src/datasets/sampling.ts'
import { ensureTinyModel } from '../../src/engines/llama/tiny-model.ts'
import { common, HAS_PYTHON } from '../contract/engines/stand-ins.ts'
import { newMark, processesWith } from '../contract/marked-processes.ts'
import { PLAIN_CONFIG, project, REPOSITORY, startBench } from '../e2e/run-vitest.ts'
import { LLAMA_SERVER } from './llama-server.ts'

/** Kills of each subject: 20 in all where nothing else is said, which is what a CI run has time for. */
const RUNS = Number(process.env['LLM_BENCH_KILLS'] ?? 5)
/** How long after the kill a process of the run may be there. */
const GONE_MS = 10_000
const SEED = Number(process.env['LLM_BENCH_SEED'] ?? Math.floor(Math.random() * 1e6))

/** Ctrl-C goes to every process of the terminal, and `kill -9 -PGID` to every one of the group. */
const KILLS = [
  { name: 'Ctrl-C', signal: 'SIGINT', group: true },
  { name: 'SIGTERM', signal: 'SIGTERM', group: false },
  { name: 'SIGKILL', signal: 'SIGKILL', group: false },
  { name: 'SIGKILL of its group', signal: 'SIGKILL', group: true },
] as const

interface Subject {
  readonly name: string
  readonly skip: boolean
  /** The code of its `target` or `engine`. */
  readonly code: () => Promise<string>
}

const SUBJECTS: Subject[] = [
  {
    name: 'a server of many processes',
    skip: false,
    code: async () => `target: launch({
      command: process.execPath,
      args: ['${REPOSITORY}/tests/stand-ins/launched-server.ts', 'port={port}', 'slow=500', 'child', 'session', 'orphan'],
      stopTimeout: 2,
    })`,
  },
  {
    name: 'a server that ignores SIGTERM',
    skip: false,
    code: async () => `target: launch({
      command: process.execPath,
      args: ['${REPOSITORY}/tests/stand-ins/launched-server.ts', 'port={port}', 'child', 'session', 'orphan', 'stubborn'],
      stopTimeout: 2,
    })`,
  },
  {
    name: 'llama-server, launched',
    skip: LLAMA_SERVER === undefined,
    code: async () => {
      const { gguf } = await ensureTinyModel()
      return `target: llamaServer({
        command: ${JSON.stringify(LLAMA_SERVER!.split(' '))},
        model: '${gguf}',
        contextSize: 4096,
        parallel: 2,
        threads: 1,
        args: ['--offline', '--flash-attn', 'off'],
        env: { BIND: '${dirname(gguf)}' },
      })`
    },
  },
  {
    name: 'an engine in several processes',
    skip: !HAS_PYTHON,
    // Its driver starts a launcher, and that the ranks.
    code: async () => `stream: false, engine: paddle(${JSON.stringify({ ...common, tensorParallelSize: 2, maxDecodeLength: 8 })})`,
  },
]

/** A bench of a few seconds: most kills come before its end. */
async function suiteOf({ code }: Subject): Promise<Record<string, string>> {
  return {
    // What the machine is like is of no interest here.
    'vitest.config.ts': PLAIN_CONFIG.replace('llmBench()', 'llmBench({ validity: { boundFactor: 1e6 } })'),
    'a.bench.ts': `
      import { expect, test } from 'vitest'
      import { clients, launch, llamaServer, paddle } from 'vitest-llm-bench'
      test('t', async ({ bench }) => {
        const run = await bench('load', clients({ n: 2, rampUp: 0, duration: 2, maxTokens: 8, outputLength: 'free', ${await code()} })).run()
        expect(run).toMeetSLO({ successRate: 1 })
      })
    `,
  }
}

describe.each(SUBJECTS.filter(({ skip }) => !skip))('$name', { timeout: 180_000 }, (subject) => {
  let lengthMs = 0
  const waits: number[] = []
  afterAll(() => console.log(`${waits.length} runs killed; the last process of one was gone ${Math.max(...waits)} ms after the kill`))

  test('a run that nobody kills passes', async () => {
    const folder = await project(await suiteOf(subject))
    const startedAt = performance.now()
    const { exitCode, output } = await startBench(folder).finished
    lengthMs = performance.now() - startedAt
    expect(exitCode, output).toBe(0)
  })

  const random = createRandom(SEED, SUBJECTS.indexOf(subject), 0)
  const kills = Array.from({ length: RUNS }, () => ({ ...KILLS[random.int(KILLS.length)]!, share: random.int(1000) / 1000 }))
  const named = kills.map((kill, i) => [`${i + 1}: by ${kill.name} after ${(kill.share * 100).toFixed(1)} % of its time`, kill] as const)
  test.each(named)(`seed ${SEED}, run %s, leaves no process behind`, async (_, { signal, group, share }) => {
    const folder = await project(await suiteOf(subject))
    let mark = newMark()
    for (let delayMs = share * lengthMs; ; delayMs *= 0.9) {
      const run = startBench(folder, [], mark)
      onTestFinished(() => killAll(mark))
      const ended = await Promise.race([run.finished.then(() => true), sleep(delayMs, false)])
      if (!ended && run.child.exitCode === null) {
        process.kill(group ? -run.child.pid! : run.child.pid!, signal)
        break
      }
      // It was faster than the one whose time was taken.
      mark = newMark()
    }
    const killedAt = performance.now()
    while ((await processesWith(mark)).length > 0 && performance.now() - killedAt < GONE_MS) await sleep(20)
    expect(await Promise.all((await processesWith(mark)).map(describeProcess))).toEqual([])
    waits.push(Math.round(performance.now() - killedAt))
  })
})

/** What a process is, for people. */
async function describeProcess(id: number): Promise<string> {
  const [line, state] = await Promise.all(['cmdline', 'wchan'].map((file) => readFile(`/proc/${id}/${file}`, 'utf8').catch(() => '')))
  return `${id}: ${line!.replaceAll('\0', ' ')}(${state})`
}

async function killAll(mark: Record<string, string>): Promise<void> {
  for (const id of await processesWith(mark)) {
    try {
      process.kill(id, 'SIGKILL')
    } catch {
      // It has ended meanwhile.
    }
  }
}
