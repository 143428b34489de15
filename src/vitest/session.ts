import { resolve } from 'node:path'
import type { TestProject, Vitest } from 'vitest/node'
import type { ResolvedPluginOptions } from '../dsl/plugin-options.ts'
import { PROVIDED_KEY } from '../files/provided.ts'
import type { ProvidedSettings } from '../files/provided.ts'
import { createResultsFolder, discardIfEmpty, newLogFile } from '../files/results.ts'
import { ServerRegistry } from '../servers/registry.ts'
import { ControlServer } from './control-server.ts'
import { ProgressBoard } from './progress.ts'

/** Seconds that the end of a server may take beyond its own time. */
const STOP_MARGIN = 15

/** What the plugin holds in Vitest's main process for as long as Vitest runs: results folder, servers, control socket. */
export class RunSession {
  readonly projects = new Set<TestProject>()
  readonly progress: ProgressBoard
  readonly #vitest: Vitest
  #settings: ProvidedSettings
  #used = false

  static async start(vitest: Vitest, options: ResolvedPluginOptions): Promise<RunSession> {
    const root = resolve(vitest.config.root)
    const progress = new ProgressBoard(vitest)
    const servers = new ServerRegistry({
      root,
      logFile: (name) => newLogFile(session.settings.resultsFolder, name),
      onStarting: (name, state) => progress.showStarting(name, state),
    })
    const control = await ControlServer.listen({
      acquireServer: (spec) => {
        // A server may take its time to stop, and is to have it; Vitest would end its process meanwhile.
        if (spec.kind === 'launch') {
          vitest.config.teardownTimeout = Math.max(vitest.config.teardownTimeout, (spec.stopTimeout + STOP_MARGIN) * 1000)
        }
        return servers.acquire(spec)
      },
      progress: (bench, progressOf, run) => progress.show(bench, progressOf, run),
    })
    const resultsHome = resolve(root, process.env['LLM_BENCH_RESULTS'] || options.results)
    const startedAt = new Date()
    const settings: ProvidedSettings = {
      root,
      resultsHome,
      resultsFolder: await createResultsFolder(resultsHome, startedAt),
      startedAt: startedAt.toISOString(),
      controlPath: control.path,
      target: options.target,
      engine: options.engine,
      environment: options.environment,
      validity: options.validity,
      baselines: { ...options.baselines, folder: resolve(root, options.baselines.folder) },
      update: updateOf(vitest),
      details: options.details,
    }
    const session: RunSession = new RunSession(vitest, settings, progress)
    vitest.onClose(async () => {
      await Promise.all([control.close(), servers.close(), discardIfEmpty(session.settings.resultsFolder)])
    })
    return session
  }

  private constructor(vitest: Vitest, settings: ProvidedSettings, progress: ProgressBoard) {
    this.#vitest = vitest
    this.#settings = settings
    this.progress = progress
  }

  get settings(): ProvidedSettings {
    return this.#settings
  }

  /** A run starts: the first has its folder already, each rerun (watch mode) gets one of its own. */
  async runStarts(): Promise<void> {
    this.progress.clear()
    if (this.#used) {
      await discardIfEmpty(this.#settings.resultsFolder)
      const startedAt = new Date()
      const resultsFolder = await createResultsFolder(this.#settings.resultsHome, startedAt)
      this.#settings = { ...this.#settings, resultsFolder, startedAt: startedAt.toISOString(), update: updateOf(this.#vitest) }
      for (const project of this.projects) project.provide(PROVIDED_KEY, this.#settings)
    }
    this.#used = true
  }
}

/** Vitest's `-u`, and `u` in watch mode, which holds for one rerun; in CI nothing is written unless asked for. */
function updateOf({ snapshot }: Vitest): ProvidedSettings['update'] {
  return snapshot.options.updateSnapshot
}
