import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { TestProject, Vitest, VitestPluginContext } from 'vitest/node'
import type { ResolvedPluginOptions } from '../dsl/plugin-options.ts'
import { LlmBenchError } from '../errors.ts'
import { PROVIDED_KEY } from '../files/provided.ts'
import { addReporters } from './add-reporters.ts'
import { RunSession } from './session.ts'

/** Sessions of the Vitest instances of this process; keyed globally, so that a second copy of this package finds them. */
const SESSIONS: WeakMap<Vitest, Configured> = ((globalThis as Record<symbol, unknown>)[Symbol.for('vitest-llm-bench.sessions')] ??=
  new WeakMap()) as WeakMap<Vitest, Configured>

/** Vitest raises a benchmark's time-out to at least this. */
const VITEST_FLOOR_MS = 60_000

interface Configured {
  readonly session: Promise<RunSession>
  readonly projects: Set<TestProject>
}

/** Configures one project of a Vitest run, if it is a benchmark project. */
export async function configureBenchProject({ vitest, project }: VitestPluginContext, options: ResolvedPluginOptions): Promise<void> {
  const { config } = project
  if (!config.benchmark.enabled) return
  // Vitest calls this hook for all projects at once: what must be seen by the next call is in place before the first await.
  let configured = SESSIONS.get(vitest)
  if (configured === undefined) {
    configured = { session: startSession(vitest, options), projects: new Set() }
    SESSIONS.set(vitest, configured)
  } else if (configured.projects.has(project)) {
    throw new LlmBenchError(
      'USAGE',
      `llmBench() stands twice in the plugins of the project "${project.name}": keep one of them. ` +
        '(It may come from two configs that are merged, or from two installed copies: `npm ls vitest-llm-bench` shows them.)',
    )
  }
  configured.projects.add(project)
  if (config.benchmark.provider !== undefined && config.benchmark.provider !== '' && !isOurs(config.benchmark.provider)) {
    throw new LlmBenchError(
      'USAGE',
      `benchmark.provider is ${JSON.stringify(config.benchmark.provider)} in the project "${project.name}", and llmBench() needs its own: ` +
        'remove the setting, or keep llmBench() out of this project.',
    )
  }
  config.benchmark.provider = entry('provider')
  config.benchmark.suppressExportGetterWarnings = true
  // Reports name the line of a test; finding it costs a stack for each.
  config.includeTaskLocation = true
  config.setupFiles = [...config.setupFiles, entry('setup')]
  // A load test ends by its own limits, each request by its time-outs.
  if (config.testTimeout <= VITEST_FLOOR_MS) config.testTimeout = 0
  const session = await configured.session
  project.provide(PROVIDED_KEY, session.settings)
  session.projects.add(project)
}

async function startSession(vitest: Vitest, options: ResolvedPluginOptions): Promise<RunSession> {
  const session = await RunSession.start(vitest, options)
  addReporters(vitest, session, options)
  return session
}

function entry(name: 'provider' | 'setup'): string {
  const path = fileURLToPath(new URL(`./${name}.js`, import.meta.url))
  return existsSync(path) ? path : path.replace(/\.js$/, '.ts')
}

function isOurs(provider: string): boolean {
  return resolve(provider) === resolve(entry('provider'))
}
