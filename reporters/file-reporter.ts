import { join, resolve } from 'node:path'
import type { Vitest } from 'vitest/node'
import { writeFileAtomic } from '../src/files/write.ts'
import type { RunModel } from './model.ts'
import { isWorthReporting } from './outcome.ts'
import { RunReporter } from './run-reporter.ts'
import { resultsFolderOf, settingsOf } from './settings.ts'

export interface FileReporterOptions {
  /** Relative to Vitest's root (default: a file in the results folder). */
  outputFile?: string
}

/** Writes one file when the run ends, whole or not at all. */
export abstract class FileReporter extends RunReporter {
  readonly #outputFile: string | undefined

  constructor(options: FileReporterOptions = {}) {
    super()
    this.#outputFile = options.outputFile
  }

  /** Name of the file in the results folder. */
  protected abstract readonly fileName: string

  protected abstract render(model: RunModel): string

  protected override async report(model: RunModel, vitest: Vitest): Promise<void> {
    const ownChoice = this.#outputFile !== undefined || settingsOf(vitest) === undefined
    // The plugin adds its reporters to every suite: one of ordinary benchmarks alone has nothing for them to say.
    if (!ownChoice && !isWorthReporting(model)) return
    const path =
      this.#outputFile === undefined ? join(resultsFolderOf(vitest), this.fileName) : resolve(vitest.config.root, this.#outputFile)
    await writeFileAtomic(path, this.render(model))
    // What lies in the plugin's results folder is announced with the folder.
    if (ownChoice) vitest.logger.log(`${this.fileName} written to ${path}`)
  }
}
