import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import type { Summary } from '../../reporters/json/schema.ts'
import { start } from './children.ts'
import type { JudgedRun } from './validity.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const VITEST = fileURLToPath(new URL('vitest.mjs', import.meta.resolve('vitest/package.json')))

/**
 * Runs the package's own suites as a newcomer does first, on the embedded engine with all cores for everybody, and tells of each run
 * that was against it. What the engine did is not logged: there is no truth to compare with.
 */
export async function newcomersRuns(): Promise<JudgedRun[]> {
  const startedAt = Date.now()
  const { code, output } = await start('any', process.execPath, [VITEST, 'bench', '--run'], { cwd: ROOT }).closed
  const summary = JSON.parse(await readFile(`${ROOT}/bench-results/latest/summary.json`, 'utf8')) as Summary
  // A threshold that is broken says nothing of the client.
  if (Date.parse(summary.startedAt) < startedAt) throw new Error(`vitest bench ended with ${code} and left no summary: ${output}`)
  return summary.tests
    .flatMap(({ runs }) => runs)
    .flatMap(({ bench, metrics }) => {
      if (metrics.kind !== 'requests' || metrics.client === undefined) return []
      const { validity, reasons, lag } = metrics.client
      return [{ validity, reasons: reasons.map((reason) => `${bench}: ${reason}`), lag: lag?.p99 }]
    })
}
