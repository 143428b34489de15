import { defineConfig } from 'vitest/config'

// Gates end to end: whole suites, run again and again until the statistics are sure, which takes minutes.
export default defineConfig({
  test: {
    include: ['tests/gates/**/*.test.ts'],
    root: new URL('../..', import.meta.url).pathname,
    maxWorkers: 2,
    testTimeout: 240_000,
    hookTimeout: 120_000,
    teardownTimeout: 60_000,
  },
})
