import { resolve } from 'node:path'
import type { TestProject, Vitest } from 'vitest/node'
import type { ResolvedPluginOptions } from '../dsl/plugin-options.ts'
import { PROVIDED_KEY } from '../files/provided.ts'
import type { ProvidedSettings } from '../files/provided.ts'
import { createResultsFolder, discardIfEmpty } from '../files/results.ts'
import { ServerRegistry } from '../servers/registry.ts'
import { ControlServer } from './control-server.ts'
import { ProgressBoard } from './progress.ts'

/** What the plugin holds in Vitest's main process for as long as Vitest runs: results folder, servers, control socket. */
export class RunSession {
  readonly projects = new Set<TestProject>()
  readonly progress: ProgressBoard
  #settings: ProvidedSettings
  #used = false

  static async start(vitest: Vitest, options: ResolvedPluginOptions): Promise<RunSession> {
    const root = resolve(vitest.config.root)
    const servers = new ServerRegistry(root)
    const progress = new ProgressBoard(vitest)
    const control = await ControlServer.listen({
      acquireServer: (spec) => servers.acquire(spec),
      progress: (bench, progressOf) => progress.show(bench, progressOf),
    })
    const resultsHome = resolve(root, options.results)
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
      details: options.details,
    }
    const session = new RunSession(settings, progress)
    vitest.onClose(async () => {
      await Promise.all([control.close(), servers.close(), discardIfEmpty(session.settings.resultsFolder)])
    })
    return session
  }

  private constructor(settings: ProvidedSettings, progress: ProgressBoard) {
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
      this.#settings = { ...this.#settings, resultsFolder, startedAt: startedAt.toISOString() }
      for (const project of this.projects) project.provide(PROVIDED_KEY, this.#settings)
    }
    this.#used = true
  }
}
