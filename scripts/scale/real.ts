import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { familyOf, say } from './memory.ts'
import type { Size } from './synthetic.ts'

const REPOSITORY = resolve(fileURLToPath(new URL('../..', import.meta.url)))
const CLIENTS = 64
const SAMPLE_MS = 200

/** Runs `vitest bench` on the build against a server, and tells what its processes took. */
export async function measureReal(baseURL: string, size: Size): Promise<void> {
  await mkdir(join(REPOSITORY, 'bench-results'), { recursive: true })
  const folder = await mkdtemp(join(REPOSITORY, 'bench-results/scale-'))
  try {
    await writeFile(join(folder, 'vitest.config.ts'), config)
    await writeFile(join(folder, 'scale.bench.ts'), bench(baseURL, size))
    const child = spawn(process.execPath, [join(REPOSITORY, 'node_modules/vitest/vitest.mjs'), 'bench', '--run'], {
      cwd: folder,
      stdio: ['ignore', 'inherit', 'inherit'],
    })
    const peaks = { vitest: 0, load: 0, all: 0 }
    const timer = setInterval(() => {
      if (child.exitCode !== null) return
      const family = familyOf(child.pid!)
      peaks.vitest = Math.max(peaks.vitest, family[0]!.peak)
      peaks.load = Math.max(peaks.load, ...family.filter(({ command }) => command.includes('load/worker')).map(({ peak }) => peak))
      peaks.all = Math.max(
        peaks.all,
        family.reduce((sum, { now }) => sum + now, 0),
      )
    }, SAMPLE_MS)
    const [code] = (await once(child, 'exit')) as [number | null]
    const endedAt = Date.now()
    clearInterval(timer)
    if (code !== 0) throw new Error(`vitest bench ended with code ${code}`)
    const told = JSON.parse(await readFile(join(folder, 'told.json'), 'utf8')) as Told
    const { before, after, runSeconds, wallSeconds, ranAt } = told
    say(
      [
        `${size.requests} requests × ${size.tokens} tokens over ${wallSeconds.toFixed(1)} s, ${Math.round(told.tokensPerSecond)} tokens/s`,
        `  test worker: ${before.toFixed(0)} MB before the run, at most ${after.toFixed(0)} MB`,
        `  load process: at most ${peaks.load.toFixed(0)} MB; Vitest's own process: at most ${peaks.vitest.toFixed(0)} MB`,
        `  all of them at once: at most ${peaks.all.toFixed(0)} MB`,
        `  beside the load: ${(runSeconds - wallSeconds).toFixed(1)} s from its start to the result (figures and requests.parquet included)`,
        `  from the result to the end of Vitest, reports included: ${((endedAt - ranAt) / 1000).toFixed(1)} s`,
        `  client: ${told.client}`,
      ].join('\n'),
    )
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

interface Told {
  /** MB, and the most until the result was there. */
  readonly before: number
  readonly after: number
  readonly runSeconds: number
  readonly wallSeconds: number
  readonly tokensPerSecond: number
  readonly ranAt: number
  readonly client: string
}

const config = `
import { defineConfig } from 'vitest/config'
import { llmBench } from 'vitest-llm-bench/plugin'
export default defineConfig({ plugins: [llmBench()] })
`

function bench(baseURL: string, { requests, tokens }: Size): string {
  return `
import { readFileSync, writeFileSync } from 'node:fs'
import { test } from 'vitest'
import { clients, openai, prompts } from 'vitest-llm-bench'

const target = openai({ baseURL: ${JSON.stringify(baseURL)} })
const megabytes = (name) => (Number(new RegExp(name + ':\\\\s+(\\\\d+) kB').exec(readFileSync('/proc/self/status', 'utf8'))[1]) * 1024) / 1e6

test('scale', { timeout: 3_600_000 }, async ({ bench }) => {
  const before = megabytes('VmRSS')
  const startedAt = performance.now()
  const dataset = prompts(Array.from({ length: 1000 }, (_, i) => 'prompt ' + i))
  const { metrics } = await bench('scale', clients({ n: ${CLIENTS}, rampUp: 0, requests: ${requests}, maxTokens: ${tokens}, dataset, target })).run()
  const { wallSeconds, outputTokensPerSecond: tokensPerSecond, client } = metrics
  const told = {
    before,
    after: megabytes('VmHWM'),
    runSeconds: (performance.now() - startedAt) / 1000,
    wallSeconds,
    tokensPerSecond,
    ranAt: Date.now(),
    client: [client.validity, ...client.reasons].join('; '),
  }
  writeFileSync('told.json', JSON.stringify(told))
})
`
}
