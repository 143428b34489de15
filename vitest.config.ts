import { defineConfig } from 'vitest/config'
import { llmBench } from 'vitest-llm-bench/plugin'

export default defineConfig({
  plugins: [llmBench()],
  test: {
    include: ['tests/{unit,contract,e2e}/**/*.test.ts'],
    benchmark: { include: ['benches/**/*.bench.ts'], exclude: ['**/*.fail.bench.ts', '**/node_modules/**'] },
    typecheck: { enabled: true, include: ['tests/types/**/*.test-d.ts'] },
    // An end-to-end test runs Vitest itself, some of them several times.
    testTimeout: 90_000,
  },
})
