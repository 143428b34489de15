import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, realpath, rm, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'
import type { Summary } from '../../reporters/json/schema.ts'

export const REPOSITORY = resolve(dirname(fileURLToPath(import.meta.url)), '../..')
const TEMPORARY = join(REPOSITORY, 'tests/e2e/.tmp')
const VITEST = join(REPOSITORY, 'node_modules/vitest/vitest.mjs')

/** A config that has the plugin and nothing else. */
export const PLAIN_CONFIG = `
  import { defineConfig } from 'vitest/config'
  import { llmBench } from 'vitest-llm-bench/plugin'
  export default defineConfig({ plugins: [llmBench()] })
`

/** Calls this when what it belongs to ends: the test, if nothing else is said. */
export type AtEnd = (end: () => Promise<void>) => void

/** A real Vitest project in a folder of its own, removed after the test. Files map names to contents. */
export async function project(files: Record<string, string>, atEnd: AtEnd = onTestFinished): Promise<string> {
  await mkdir(TEMPORARY, { recursive: true })
  const folder = await realpath(await mkdtemp(join(TEMPORARY, 'project-')))
  atEnd(() => rm(folder, { recursive: true, force: true, maxRetries: 3 }))
  for (const [name, content] of Object.entries({ 'vitest.config.ts': PLAIN_CONFIG, ...files })) {
    await mkdir(dirname(join(folder, name)), { recursive: true })
    await writeFile(join(folder, name), content)
  }
  return folder
}

export interface Finished {
  exitCode: number | null
  signal: NodeJS.Signals | null
  /** stdout and stderr, in the order they came, without colours. */
  output: string
}

export interface Running {
  child: ChildProcess
  finished: Promise<Finished>
  /** Resolves once the output holds this text; rejects where the run ends before. */
  says(text: string | RegExp): Promise<void>
}

/** Starts `vitest bench` in a project, in a process group of its own. */
export function startBench(folder: string, args: string[] = [], env: Record<string, string | undefined> = {}): Running {
  return start(folder, ['bench', '--run', ...args], env)
}

/** Starts Vitest with these arguments. */
export function start(folder: string, args: string[], env: Record<string, string | undefined> = {}): Running {
  const child = spawn(process.execPath, [VITEST, ...args], {
    cwd: folder,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...withoutVitest(process.env),
      NO_COLOR: '1',
      FORCE_COLOR: undefined,
      LLM_BENCH_BASE_URL: undefined,
      OPENAI_BASE_URL: undefined,
      CI: undefined,
      GITHUB_ACTIONS: undefined,
      GITHUB_STEP_SUMMARY: undefined,
      AI_AGENT: undefined,
      CLAUDECODE: undefined,
      ...env,
    },
  })
  let output = ''
  const watchers = new Set<() => void>()
  const collect = (chunk: string): void => {
    output += chunk
    for (const watch of watchers) watch()
  }
  child.stdout.setEncoding('utf8').on('data', collect)
  child.stderr.setEncoding('utf8').on('data', collect)
  const finished = new Promise<Finished>((done, reject) => {
    child.once('error', reject)
    child.once('close', (exitCode, signal) => done({ exitCode, signal, output }))
  })
  return {
    child,
    finished,
    says: (text) =>
      new Promise((done, reject) => {
        const watch = (): void => {
          if (!(typeof text === 'string' ? output.includes(text) : text.test(output))) return
          watchers.delete(watch)
          done()
        }
        watchers.add(watch)
        watch()
        void finished.then(() => reject(new Error(`the run ended without saying ${String(text)}:\n${output}`)))
      }),
  }
}

/** Runs `vitest bench` in a project to its end. */
export async function runBench(folder: string, args: string[] = [], env: Record<string, string | undefined> = {}): Promise<Finished> {
  return startBench(folder, args, env).finished
}

/** The environment without what a surrounding Vitest has put there. */
export function withoutVitest(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !/^(VITEST|NODE_V8_COVERAGE|TEST$|NODE_ENV|VITE_)/.test(name)))
}

/** The newest results folder of a project. */
export function latest(folder: string, ...path: string[]): string {
  return join(folder, 'bench-results/latest', ...path)
}

/** Reads one of the newest results' files as text. */
export function readLatest(folder: string, ...path: string[]): Promise<string> {
  return readFile(latest(folder, ...path), 'utf8')
}

/** Reads the newest results' `summary.json`. */
export async function readSummary(folder: string): Promise<Summary> {
  return JSON.parse(await readLatest(folder, 'summary.json')) as Summary
}

/** Names in a folder, sorted; empty where it does not exist. */
export async function list(folder: string): Promise<string[]> {
  return (await readdir(folder).catch(() => [])).toSorted((a, b) => (a < b ? -1 : 1))
}
