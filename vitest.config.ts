import { defineConfig } from 'vitest/config'
import { llmBench } from 'vitest-llm-bench/plugin'

export default defineConfig({
  plugins: [llmBench()],
  test: {
    include: ['tests/{unit,contract,e2e}/**/*.test.ts'],
    benchmark: { include: ['benches/**/*.bench.ts'], exclude: ['**/*.fail.bench.ts', '**/node_modules/**'] },
    testTimeout: 30_000,
  },
})
