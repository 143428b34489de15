import { defineConfig } from 'vitest/config'
import { llmBench } from 'vitest-llm-bench/plugin'

export default defineConfig({
  plugins: [llmBench()],
  test: { root: import.meta.dirname, benchmark: { include: ['*.bench.ts'] } },
})
