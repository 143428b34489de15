import { defineConfig } from 'vitest/config'

// Suites against servers that no one here wrote. Each says which environment variable names its server.
export default defineConfig({
  test: {
    include: ['tests/real/**/*.test.ts'],
    root: new URL('../..', import.meta.url).pathname,
    testTimeout: 180_000,
    hookTimeout: 180_000,
    fileParallelism: false,
  },
})
