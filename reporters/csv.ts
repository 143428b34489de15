import { basename, resolve } from 'node:path'
import { writeFileAtomic } from '../src/files/write.ts'
import { seedFiles } from './csv/files.ts'
import type { RunModel } from './model.ts'
import { RunReporter } from './run-reporter.ts'

/** Options of the csv reporter. */
export interface CsvReporterOptions {
  /** Folder for the files, relative to Vitest's root; left out, this run's results folder. */
  outputFolder?: string
}

/**
 * Writes the seed systems' own files when the run ends: `clients.csv` (llm.perf) and `schedulers.csv` (rosellm), and in each bench's folder `throughput.csv` and
 * `profile_throughput.csv` (LMDeploy), `offline.jsonl` and `one_batch.jsonl` (SGLang). Without a run of an LLM workload it
 * writes nothing.
 * @example reporters: ['default', ['vitest-llm-bench/reporters/csv', { outputFolder: 'csv' }]]
 */
export default class CsvReporter extends RunReporter {
  readonly #options: CsvReporterOptions

  constructor(options: CsvReporterOptions = {}) {
    super()
    this.#options = options
  }

  protected override async report(model: RunModel): Promise<void> {
    const { outputFolder } = this.#options
    for (const { folder, name, content } of seedFiles(model)) {
      const path =
        outputFolder === undefined
          ? resolve(model.root, folder ?? model.resultsFolder, name)
          : resolve(model.root, outputFolder, folder === undefined ? '' : basename(folder), name)
      await writeFileAtomic(path, content)
    }
  }
}
