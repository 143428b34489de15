import { isAbsolute, join, resolve } from 'node:path'
import { z } from 'zod'
import { BASELINE_DEFAULTS, RESULTS_FOLDER } from '../../dsl/plugin-options.ts'
import { nearest, nonEmptyString } from '../../dsl/options.ts'
import { LlmBenchError } from '../../errors.ts'
import type { BenchName } from '../../verdict/run-sample.ts'

/** Flags that say where things are, with the defaults of the plugin: no command reads a Vitest config. */
export const placeFields = {
  root: nonEmptyString.default('.').describe("Vitest's root, which the folders are relative to"),
  baselines: nonEmptyString.default(BASELINE_DEFAULTS.folder).describe('folder of the baselines'),
}

/** And where runs are that no baseline has. */
export const resultsField = { results: nonEmptyString.default(RESULTS_FOLDER).describe('folder of the results') }

/** Which benches are meant. */
export const benchField = { bench: z.array(z.string()).default([]).describe('benches of this name alone; several times') }

/** A folder as a flag gives it. */
export function placeOf(root: string, folder: string): string {
  return isAbsolute(folder) ? folder : join(resolve(root), folder)
}

/** Whether a bench is one of those that are meant; where none is named, all are. */
export function isMeant(names: readonly string[], { name }: BenchName): boolean {
  return names.length === 0 || names.includes(name)
}

/**
 * Checks names of benches.
 * @throws {LlmBenchError} `USAGE` where there is none of a name, with the nearest
 */
export function checkBenchNames(names: readonly string[], benches: readonly BenchName[], command: string): void {
  const known = [...new Set(benches.map(({ name }) => name))]
  const stranger = names.find((name) => !known.includes(name))
  if (stranger === undefined) return
  const near = nearest(stranger, known)
  const hint =
    near === undefined ? `there ${known.length === 0 ? 'is none' : `are ${known.join(', ')}`}` : `did you mean ${JSON.stringify(near)}?`
  throw new LlmBenchError('USAGE', `${command}: no bench is named ${JSON.stringify(stranger)}: ${hint}`)
}
