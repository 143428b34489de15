import { defineConfig } from 'vitest/config'

// More end-to-end tests, which take minutes: gates whose runs are repeated until the statistics are sure, long rollouts, engines.
export default defineConfig({
  test: {
    include: ['tests/slow/**/*.test.ts'],
    root: new URL('../..', import.meta.url).pathname,
    // They measure: one beside another would disturb it.
    fileParallelism: false,
    testTimeout: 240_000,
    hookTimeout: 120_000,
    teardownTimeout: 60_000,
  },
})
