import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const reporter = (name: string): string => fileURLToPath(new URL(`../../../../../reporters/${name}`, import.meta.url))
const results = process.env['RESULTS']
const provided = process.env['PROVIDED']

/** Our reporters without our plugin; at most with what it would provide. */
export default defineConfig({
  plugins: [
    {
      name: 'what-the-plugin-provides',
      configureVitest({ project }) {
        if (provided !== undefined) project.provide('llmBench' as never, JSON.parse(provided) as never)
      },
    },
  ],
  test: {
    benchmark: { enabled: true },
    includeTaskLocation: true,
    reporters: [
      ...(process.env['ALONE'] === undefined
        ? [fileURLToPath(new URL('default-reporter.ts', import.meta.url))]
        : ['dot', reporter('terminal.ts')]),
      [reporter('json.ts'), results === undefined ? {} : { outputFile: `${results}/summary.json` }],
      [reporter('junit.ts'), results === undefined ? {} : { outputFile: `${results}/junit.xml` }],
    ],
  },
})
