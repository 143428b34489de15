import type { SerializedError } from 'vitest'
import type { Reporter, TestModule, TestRunEndReason, Vitest } from 'vitest/node'
import { buildRunModel } from './build-model.ts'
import type { RunModel } from './model.ts'
import { hasBenchProjects } from './settings.ts'

/** Says something of a whole run when it ends. */
export abstract class RunReporter implements Reporter {
  #vitest: Vitest | undefined

  protected abstract report(model: RunModel, vitest: Vitest): Promise<void>

  onInit(vitest: Vitest): void {
    this.#vitest = vitest
  }

  /** @throws {LlmBenchError} `RESULTS` where a file can't be written. */
  async onTestRunEnd(
    testModules: readonly TestModule[],
    unhandledErrors: readonly SerializedError[],
    reason: TestRunEndReason,
  ): Promise<void> {
    const vitest = this.#vitest
    if (vitest === undefined || !hasBenchProjects(vitest)) return
    await this.report(buildRunModel(vitest, testModules, unhandledErrors, reason), vitest)
  }
}
