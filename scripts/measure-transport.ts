/**
 * Measures the load generator of a build against a server that knows what it did: CPU for each token, and how much later than
 * the server wrote it a first token is told. The server runs on core 0, the client on core 1.
 *
 *     node scripts/measure-transport.ts TRUTHD CLIMIT [BUILD…]
 *
 * TRUTHD: the ground-truth server, started as `TRUTHD PORT TTFT_MS ITL_MS JITTER_PCT LOGFILE`; on SIGTERM its log has a line
 * `id received first last tokens` for each request, in nanoseconds of CLOCK_MONOTONIC. CLIMIT: the client that is the physical
 * limit, `CLIMIT PORT REQUESTS CLIENTS TOKENS RAMP_S`. BUILD: folders with a build, `dist` where none is named; all are
 * measured in turn, three times, and the best of each is shown.
 */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import type * as Datasets from '../src/dsl/datasets.ts'
import type * as Targets from '../src/dsl/targets.ts'
import type * as WorkloadModule from '../src/dsl/workload.ts'
import type * as Workloads from '../src/dsl/workloads.ts'
import type * as RunPlanModule from '../src/load/run-plan.ts'

const TURNS = 3

interface Load {
  readonly name: string
  readonly streams: number
  readonly requests: number
  readonly tokens: number
  readonly ttftMs: number
  readonly itlMs: number
  readonly rampUp: number
}

const LOADS: readonly Load[] = [
  { name: 'flood, 64 connections', streams: 64, requests: 640, tokens: 1500, ttftMs: 0, itlMs: 0, rampUp: 0 },
  { name: '400 streams × 50 tok/s', streams: 400, requests: 1200, tokens: 128, ttftMs: 100, itlMs: 20, rampUp: 1.5 },
  { name: '800 streams × 50 tok/s', streams: 800, requests: 2400, tokens: 128, ttftMs: 100, itlMs: 20, rampUp: 1.5 },
]

interface Result {
  readonly cpuMicrosPerToken: number
  readonly tokensPerSecond: number
  /** Milliseconds, per request, the first wave left out; none where the client does not tell. */
  readonly ttftError?: { readonly p50: number; readonly p99: number; readonly max: number }
}

if (process.argv[2] === '--client') await client()
else await compare()

async function compare(): Promise<void> {
  const [truthd, climit, ...named] = process.argv.slice(2)
  if (truthd === undefined || climit === undefined) throw new Error('usage: node scripts/measure-transport.ts TRUTHD CLIMIT [BUILD…]')
  const builds = (named.length === 0 ? ['dist'] : named).map((folder) => resolve(folder))
  for (const load of LOADS) {
    const results = new Map<string, Result[]>()
    const add = (name: string, result: Result): void => void results.set(name, [...(results.get(name) ?? []), result])
    for (let turn = 0; turn < TURNS; turn++) {
      // The C client loses an event that is split over two reads, of which a flood has many, and then waits for ever.
      if (load.itlMs > 0) add('C client', await measure(truthd, load, (port) => runLimit(climit, port, load)))
      for (const build of builds) add(build, await measure(truthd, load, (port, log) => runBuild(build, port, load, log)))
    }
    const limit = results.get('C client')
    process.stdout.write(`\n${load.name}\n`)
    for (const [name, all] of results) {
      const { cpuMicrosPerToken, tokensPerSecond, ttftError } = best(all)
      const error = ttftError ? `, TTFT error p50 ${ms(ttftError.p50)} p99 ${ms(ttftError.p99)} max ${ms(ttftError.max)}` : ''
      const ratio = limit === undefined ? '' : ` (${(cpuMicrosPerToken / best(limit).cpuMicrosPerToken).toFixed(2)} × C)`
      process.stdout.write(
        `  ${name}: ${cpuMicrosPerToken.toFixed(2)} µs CPU a token${ratio}, ${Math.round(tokensPerSecond)} tokens/s${error}\n`,
      )
    }
  }
}

/** The least CPU and the least error, each by itself: what disturbs a run makes both larger. */
function best(results: readonly Result[]): Result {
  const least = (of: (result: Result) => number): Result => results.reduce((a, b) => (of(b) < of(a) ? b : a))
  const { ttftError } = least((result) => result.ttftError?.p99 ?? 0)
  return { ...least((result) => result.cpuMicrosPerToken), ...(ttftError ? { ttftError } : {}) }
}

/** Runs one client on a server of its own. */
async function measure(
  truthd: string,
  load: Load,
  run: (port: number, readLog: () => Promise<Map<number, bigint>>) => Promise<Result>,
): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), 'llm-bench-transport-'))
  const port = await freePort()
  const log = join(folder, 'log')
  const server = spawn('taskset', ['-c', '0', truthd, String(port), String(load.ttftMs), String(load.itlMs), '0', log], { stdio: 'ignore' })
  const exited = once(server, 'exit')
  /** Ends the server, which writes its log then: each request's time to the first token by its id. */
  const readLog = async (): Promise<Map<number, bigint>> => {
    server.kill()
    await exited
    const lines = (await readFile(log, 'utf8')).trim().split('\n')
    return new Map(
      lines.map((line) => {
        const [id, received, first] = line.split(' ')
        return [Number(id), BigInt(first!) - BigInt(received!)]
      }),
    )
  }
  try {
    await listening(port)
    return await run(port, readLog)
  } finally {
    server.kill()
    await exited
    await rm(folder, { recursive: true, force: true })
  }
}

async function runLimit(climit: string, port: number, load: Load): Promise<Result> {
  const args = [port, load.requests, load.streams, load.tokens, load.rampUp].map(String)
  const { stdout } = await promisify(execFile)('taskset', ['-c', '1', climit, ...args])
  const { us_per_event: cpuMicrosPerToken, ev_s: tokensPerSecond } = JSON.parse(stdout) as { us_per_event: number; ev_s: number }
  return { cpuMicrosPerToken, tokensPerSecond }
}

/** What the client process tells of its run. */
interface Told {
  readonly cpuMicros: number
  readonly seconds: number
  readonly tokens: number
  readonly errors: readonly unknown[]
  /** Of each request: its id, when it was sent and its time to the first token, in nanoseconds. */
  readonly requests: readonly (readonly [id: number, sentNs: number, ttftNs: number])[]
}

async function runBuild(build: string, port: number, load: Load, readLog: () => Promise<Map<number, bigint>>): Promise<Result> {
  const self = fileURLToPath(import.meta.url)
  const args = ['-c', '1', process.execPath, self, '--client', build, String(port), JSON.stringify(load)]
  const { stdout } = await promisify(execFile)('taskset', args, { maxBuffer: 2 ** 28 })
  const told = JSON.parse(stdout) as Told
  if (told.errors.length > 0) throw new Error(`requests failed: ${JSON.stringify(told.errors)}`)
  const truth = await readLog()
  // Each client's first request finds nothing warm: connections are opened, and code is compiled.
  const later = told.requests.toSorted(([, a], [, b]) => a - b).slice(load.streams)
  const errors = later.map(([id, , ttftNs]) => (ttftNs - Number(truth.get(id)!)) / 1e6).toSorted((a, b) => a - b)
  const at = (share: number): number => errors[Math.floor((errors.length - 1) * share)]!
  return {
    cpuMicrosPerToken: told.cpuMicros / told.tokens,
    tokensPerSecond: told.tokens / told.seconds,
    ttftError: { p50: at(0.5), p99: at(0.99), max: at(1) },
  }
}

/** The measured process: runs the load with the build's own code and prints what it found. */
async function client(): Promise<void> {
  const [build, port, loadText] = process.argv.slice(3) as [string, string, string]
  const { streams, requests, tokens, rampUp } = JSON.parse(loadText) as Load
  const load = <Module>(path: string) => import(pathToFileURL(join(build, 'src', path)).href) as Promise<Module>
  const { runPlan } = await load<typeof RunPlanModule>('load/run-plan.js')
  const { clients } = await load<typeof Workloads>('dsl/workloads.js')
  const { prompts } = await load<typeof Datasets>('dsl/datasets.js')
  const { openai } = await load<typeof Targets>('dsl/targets.js')
  const { specOf } = await load<typeof WorkloadModule>('dsl/workload.js')

  const dataset = prompts(Array.from({ length: requests }, (_, id) => `#id=${id}# ${'hello world '.repeat(40)}`))
  const workload = clients({ n: streams, rampUp, requests, order: 'shared', maxTokens: tokens, dataset })
  const plan = {
    workload: specOf(workload)!,
    target: openai({ baseURL: `http://127.0.0.1:${port}` }),
    root: process.cwd(),
    folder: process.cwd(),
    bench: 'transport',
    workloadDigest: 'none',
  }
  const before = process.cpuUsage()
  const record = await runPlan(plan, { onProgress: () => {}, signal: new AbortController().signal })
  const { user, system } = process.cpuUsage(before)
  if (record.kind !== 'requests') throw new Error('clients() leaves a record of requests')
  const { columns, errors } = record
  const told: Told = {
    cpuMicros: user + system,
    seconds: (record.endNs - record.startNs) / 1e9,
    tokens: columns.chunks.reduce((sum, chunks) => sum + chunks, 0),
    errors,
    requests: Array.from({ length: columns.length }, (_, i) => [
      columns.promptIndex[i]!,
      columns.sentNs[i]!,
      columns.firstTokenNs[i]! - columns.sentNs[i]!,
    ]),
  }
  process.stdout.write(JSON.stringify(told))
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

async function listening(port: number): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    const socket = connect(port, '127.0.0.1')
    const opened = await once(socket, 'connect').then(
      () => true,
      () => false,
    )
    socket.destroy()
    if (opened) return
    await sleep(20)
  }
  throw new Error(`nobody listens on port ${port}`)
}

function ms(value: number): string {
  return `${value.toFixed(2)} ms`
}
