import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Vitest } from 'vitest/node'
import { resultsFolderOf, settingsOf } from '../../../reporters/settings.ts'

const without = (root: string): Vitest =>
  ({ config: { root }, projects: [{ getProvidedContext: () => ({ other: 1 }) }] }) as unknown as Vitest

test('without the plugin all reporters of a run share one folder, named after the time', () => {
  const vitest = without('/project')
  const folder = resultsFolderOf(vitest)
  expect(folder.startsWith(join('/project', 'bench-results', 'standalone-'))).toBe(true)
  expect(folder).toMatch(/standalone-\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ$/)
  expect(resultsFolderOf(vitest)).toBe(folder)
  expect(settingsOf(vitest)).toBeUndefined()
})

test('the plugin’s folder is found in whichever project it was provided to', () => {
  const vitest = without('/project')
  const provided = { resultsFolder: '/elsewhere/now' }
  const projects = [...vitest.projects, { getProvidedContext: () => ({ llmBench: provided }) }]
  const both = { config: { root: '/project' }, projects } as unknown as Vitest
  expect(settingsOf(both)).toBe(provided)
  expect(resultsFolderOf(both)).toBe('/elsewhere/now')
})
