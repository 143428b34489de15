import { join } from 'node:path'
import type { Vitest } from 'vitest/node'
import { PROVIDED_KEY } from '../src/files/provided.ts'
import type { ProvidedSettings } from '../src/files/provided.ts'

/** Folders chosen here; keyed globally, so that reporters loaded as separate modules write to the same one. */
const STANDALONE: WeakMap<Vitest, string> = ((globalThis as Record<symbol, unknown>)[Symbol.for('vitest-llm-bench.standalone-results')] ??=
  new WeakMap()) as WeakMap<Vitest, string>

/** What the plugin has provided to the benchmark projects; undefined where a reporter is used without the plugin. */
export function settingsOf(vitest: Vitest): ProvidedSettings | undefined {
  for (const project of vitest.projects) {
    const provided = project.getProvidedContext() as unknown as Record<string, ProvidedSettings | undefined>
    const settings = provided[PROVIDED_KEY]
    if (settings !== undefined) return settings
  }
  return undefined
}

/**
 * Absolute path of the folder that this run's reports go to: the plugin's, else `<root>/bench-results/standalone-<time>`,
 * the same for all reporters of a run. It need not exist yet.
 */
export function resultsFolderOf(vitest: Vitest): string {
  const provided = settingsOf(vitest)?.resultsFolder
  if (provided !== undefined) return provided
  let folder = STANDALONE.get(vitest)
  if (folder === undefined) {
    const time = new Date()
      .toISOString()
      .replace(/\.\d+Z$/, 'Z')
      .replaceAll(':', '-')
    folder = join(vitest.config.root, 'bench-results', `standalone-${time}`)
    STANDALONE.set(vitest, folder)
  }
  return folder
}

/** Whether this Vitest run has benchmark projects at all: without one, there is nothing to report. */
export function hasBenchProjects(vitest: Vitest): boolean {
  return vitest.projects.some((project) => project.config.benchmark.enabled)
}
