import { join, resolve } from 'node:path'
import type { SerializedError } from 'vitest'
import type { Reporter, TestModule, TestRunEndReason, Vitest } from 'vitest/node'
import { writeFileAtomic } from '../src/files/write.ts'
import { buildRunModel } from './build-model.ts'
import type { RunModel } from './model.ts'
import { hasBenchProjects, resultsFolderOf, settingsOf } from './settings.ts'

export interface FileReporterOptions {
  /** Relative to Vitest's root (default: a file in the results folder). */
  outputFile?: string
}

/** Writes one file when the run ends, whole or not at all. */
export abstract class FileReporter implements Reporter {
  readonly #outputFile: string | undefined
  #vitest: Vitest | undefined

  constructor(options: FileReporterOptions = {}) {
    this.#outputFile = options.outputFile
  }

  /** Name of the file in the results folder. */
  protected abstract readonly fileName: string

  protected abstract render(model: RunModel): string

  onInit(vitest: Vitest): void {
    this.#vitest = vitest
  }

  /** @throws {LlmBenchError} `RESULTS` where the file can't be written. */
  async onTestRunEnd(
    testModules: readonly TestModule[],
    unhandledErrors: readonly SerializedError[],
    reason: TestRunEndReason,
  ): Promise<void> {
    const vitest = this.#vitest
    if (vitest === undefined || !hasBenchProjects(vitest)) return
    const path =
      this.#outputFile === undefined ? join(resultsFolderOf(vitest), this.fileName) : resolve(vitest.config.root, this.#outputFile)
    const model = buildRunModel(vitest, testModules, unhandledErrors, reason)
    // The plugin adds its reporters to every suite: one of ordinary benchmarks alone has nothing for them to say.
    if (this.#outputFile === undefined && settingsOf(vitest) !== undefined && !hasNews(model)) return
    await writeFileAtomic(path, this.render(model))
    // What lies in the plugin's results folder is announced with the folder.
    if (this.#outputFile !== undefined || settingsOf(vitest) === undefined) vitest.logger.log(`${this.fileName} written to ${path}`)
  }
}

function hasNews({ tests, unhandledErrors, partial }: RunModel): boolean {
  return (
    partial || unhandledErrors.length > 0 || tests.some(({ runs, state }) => runs.length > 0 || state === 'failed' || state === 'pending')
  )
}
