import { join } from 'node:path'
import { defineConfig } from 'vitest/config'
import { BaseSequencer } from 'vitest/node'
import type { TestSpecification } from 'vitest/node'
import { llmBench } from 'vitest-llm-bench/plugin'

/** End-to-end tests first: they take longest, and no worker is to be left with one when the other is done. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    // oxlint-disable-next-line unicorn/no-array-sort -- the sequencer's method, no array's
    const sorted = await super.sort(files)
    return sorted.toSorted((a, b) => Number(b.moduleId.includes('/tests/e2e/')) - Number(a.moduleId.includes('/tests/e2e/')))
  }
}

export default defineConfig({
  plugins: [llmBench()],
  test: {
    include: ['tests/{unit,contract,e2e}/**/*.test.ts'],
    benchmark: { include: ['benches/**/*.bench.ts'], exclude: ['benches/seeds/**', '**/*.fail.bench.ts', '**/node_modules/**'] },
    typecheck: { enabled: true, include: ['tests/types/**/*.test-d.ts'] },
    // Workers and children of tests start from sources; stripping and compiling them anew is most of what a start takes.
    env: { NODE_COMPILE_CACHE: join(import.meta.dirname, 'node_modules/.cache/node-compile-cache') },
    // End-to-end tests mostly wait for processes of theirs; Vitest's own default would be one worker on two cores.
    maxWorkers: 2,
    sequence: { sequencer: LongestFirst },
    // An end-to-end test runs Vitest itself, some of them several times, on a machine that others may be busy on.
    testTimeout: 180_000,
    hookTimeout: 120_000,
    teardownTimeout: 60_000,
  },
})
