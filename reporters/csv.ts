import { basename, resolve } from 'node:path'
import type { SerializedError } from 'vitest'
import type { Reporter, TestModule, TestRunEndReason, Vitest } from 'vitest/node'
import { writeFileAtomic } from '../src/files/write.ts'
import { buildRunModel } from './build-model.ts'
import { seedFiles } from './csv/files.ts'

/** Options of the csv reporter. */
export interface CsvReporterOptions {
  /** Folder for the files, relative to Vitest's root; left out, this run's results folder. */
  outputFolder?: string
}

/**
 * Writes the seed systems' own files when the run ends: `clients.csv` (llm.perf), and in each bench's folder `throughput.csv` and
 * `profile_throughput.csv` (LMDeploy), `offline.jsonl` and `one_batch.jsonl` (SGLang). Without a run of an LLM workload it
 * writes nothing.
 * @example reporters: ['default', ['vitest-llm-bench/reporters/csv', { outputFolder: 'csv' }]]
 */
export default class CsvReporter implements Reporter {
  readonly #options: CsvReporterOptions
  #vitest: Vitest | undefined

  constructor(options: CsvReporterOptions = {}) {
    this.#options = options
  }

  onInit(vitest: Vitest): void {
    this.#vitest = vitest
  }

  async onTestRunEnd(
    testModules: readonly TestModule[],
    unhandledErrors: readonly SerializedError[],
    reason: TestRunEndReason,
  ): Promise<void> {
    if (this.#vitest === undefined) return
    const model = buildRunModel(this.#vitest, testModules, unhandledErrors, reason)
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
