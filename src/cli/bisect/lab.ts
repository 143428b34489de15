import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { launch } from '../../dsl/launch.ts'
import { LlmBenchError } from '../../errors.ts'
import { newLogFile } from '../../files/results.ts'
import { readSamples } from '../../files/samples.ts'
import { startServer } from '../../servers/start-server.ts'
import type { ServedTarget } from '../../servers/server.ts'
import type { RunSample } from '../../verdict/run-sample.ts'
import type { BisectPlan } from './plan.ts'
import type { BisectRecord } from './record.ts'
import { runShell, runSuite } from './suite.ts'
import type { ProcessEnd } from './suite.ts'
import { commandFor } from './versions.ts'

/** Thrown where a version can't be measured: the search goes on without it. */
export class UntestedError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'UntestedError'
  }
}

/** What a search needs of the world: versions that are started, and a suite that is run against them. */
export interface Lab {
  /**
   * Has a version up while `use` runs the suite.
   * @throws {UntestedError} where it can't be started; `CANCELLED`
   */
  withVersion<Result>(version: string, use: (runSuite: () => Promise<RunSample[]>) => Promise<Result>): Promise<Result>
}

export interface LabOptions {
  readonly plan: BisectPlan
  readonly record: BisectRecord
  /** The project's folder. */
  readonly root: string
  readonly signal: AbortSignal
  readonly tell: (version: string, text: string) => void
}

/** Starts versions by the shell commands of the plan, and runs the project's suite against each. */
export function createLab({ plan, record, root, signal, tell }: LabOptions): Lab {
  return {
    async withVersion(version, use) {
      const server = await startVersion(version)
      try {
        return await use(() => suiteRun(version, server))
      } finally {
        await server?.close()
      }
    },
  }

  async function startVersion(version: string): Promise<ServedTarget | undefined> {
    if (plan.prepare !== undefined) {
      tell(version, 'prepare')
      const logFile = newLogFile(record.folder, `prepare ${version}`)
      const { code, tail } = await runShell(commandFor(plan.prepare, version), { cwd: root, env: variables(version), logFile, signal })
      if (code !== 0) throw new UntestedError([`--prepare ended with ${endOf(code)}`, ...tail].join('\n  '))
    }
    if (plan.launch === undefined) return undefined
    const spec = launch({
      command: '/bin/sh',
      args: ['-c', commandFor(plan.launch, version)],
      name: version,
      env: variables(version),
      ready: plan.readyTimeout === undefined ? {} : { timeout: plan.readyTimeout },
      ...(plan.url === undefined ? {} : { baseURL: plan.url }),
    })
    tell(version, 'start')
    try {
      const context = { root, logFile: (name: string) => newLogFile(record.folder, name), onStarting: () => {} }
      return await startServer(spec, context, signal)
    } catch (error) {
      if (error instanceof LlmBenchError && error.code === 'SERVER') throw new UntestedError(error.message)
      throw error
    }
  }

  async function suiteRun(version: string, server: ServedTarget | undefined): Promise<RunSample[]> {
    const run = record.nextRun(version)
    const folder = join(record.folder, run)
    const baseURL = server?.target.baseURLs[0]
    const env = { ...variables(version), LLM_BENCH_RESULTS: folder, ...(baseURL === undefined ? {} : { LLM_BENCH_BASE_URL: baseURL }) }
    let died = false
    void server?.exited.then(() => (died = true))
    const ended = await runSuite(plan.benchArgs, { cwd: root, env, logFile: join(folder, 'vitest.log'), signal })
    const samples = existsSync(folder) ? await readSamples(folder) : []
    if (died) throw new UntestedError([`its server ended while the suite ran`, ...(await server!.exited).log].join('\n  '))
    if (samples.length === 0) throw new UntestedError(nothingMeasured(ended))
    if (baseURL !== undefined) await refuseOtherServer(folder, baseURL)
    await record.addRun(version, run)
    return samples
  }
}

/** What a bench file, a launched server and a preparation can tell the version by. */
function variables(version: string): Record<string, string> {
  return { LLM_BENCH_VERSION: version }
}

function nothingMeasured({ code, tail }: ProcessEnd): string {
  return [`its suite measured nothing (Vitest ended with ${endOf(code)})`, ...tail].join('\n  ')
}

function endOf(code: number | null): string {
  return code === null ? 'a signal' : `exit code ${code}`
}

/**
 * A suite that names a server of its own would be measured for every version alike.
 * @throws {LlmBenchError} `USAGE`
 */
async function refuseOtherServer(folder: string, baseURL: string): Promise<void> {
  const summary = await readFile(join(folder, 'latest/summary.json'), 'utf8').catch(() => undefined)
  if (summary === undefined || summary.includes(new URL(baseURL).host)) return
  throw new LlmBenchError(
    'USAGE',
    'no bench of the suite ran against the server of --launch: its benches, or the plugin, name a target of their own. ' +
      'Leave that out, so that LLM_BENCH_BASE_URL is used; or leave --launch out and start the server in the suite by LLM_BENCH_VERSION.',
  )
}
