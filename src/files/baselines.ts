import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { LlmBenchError, messageOf } from '../errors.ts'
import type { Baseline } from '../verdict/baseline.ts'
import { cohortDigest } from '../verdict/cohort.ts'
import type { BenchName } from '../verdict/run-sample.ts'
import { parseBaseline } from './baseline-format.ts'
import { readableJSON } from './readable-json.ts'
import { benchFolderName } from './results.ts'
import { writeFileAtomic } from './write.ts'

/** A baseline and the file that it was read from. */
export interface StoredBaseline {
  readonly path: string
  readonly baseline: Baseline
}

/**
 * The baselines in a folder, in the order of their names; none where there is no such folder.
 * @param bench reads those of this bench alone, so that a broken file of another does no harm
 * @throws {LlmBenchError} `BASELINE` where a file can't be read: names it, the place in it and the way out
 */
export async function readBaselines(folder: string, bench?: BenchName): Promise<StoredBaseline[]> {
  const names = await readdir(folder).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw new LlmBenchError('BASELINE', `The folder of baselines ${folder} can't be read: ${messageOf(error)}`, { cause: error })
  })
  const prefix = bench === undefined ? '' : `${stemOf(bench)}_`
  const files = names.filter((name) => name.endsWith('.json') && !name.startsWith('.') && name.startsWith(prefix)).toSorted()
  return Promise.all(
    files.map(async (name) => {
      const path = join(folder, name)
      return { path, baseline: await readBaseline(path) }
    }),
  )
}

/**
 * Reads one baseline's file.
 * @throws {LlmBenchError} `BASELINE`
 */
export async function readBaseline(path: string): Promise<Baseline> {
  const source = await readFile(path, 'utf8').catch((error: unknown) => {
    throw new LlmBenchError('BASELINE', `The baseline ${path} can't be read: ${messageOf(error)}`, { cause: error })
  })
  const parsed = parseBaseline(source)
  if (!('problem' in parsed)) return parsed
  const wayOut =
    parsed.newer === true
      ? 'Update the package, or delete the file and write it anew with `vitest bench -u`.'
      : 'Restore it from version control, or delete it and write it anew with `vitest bench -u`.'
  throw new LlmBenchError('BASELINE', `The baseline ${path} can't be read: ${parsed.problem}. ${wayOut}`)
}

/**
 * Writes a baseline into a folder, in the place of the one of the same bench and cohort.
 * @returns the file's path
 * @throws {LlmBenchError} `BASELINE` where it can't be written
 */
export async function writeBaseline(folder: string, baseline: Baseline): Promise<string> {
  const { version, bench, cohort, runs } = baseline
  const ordered = {
    version,
    bench: { file: bench.file, test: bench.test, name: bench.name },
    cohort: Object.fromEntries(Object.entries(cohort).toSorted(([a], [b]) => (a < b ? -1 : 1))),
    runs,
  }
  const path = join(folder, `${stemOf(bench)}_${cohortDigest(cohort)}.json`)
  await writeFileAtomic(path, readableJSON(ordered)).catch((error: unknown) => {
    const { cause = error } = error as Error
    throw new LlmBenchError(
      'BASELINE',
      `The baseline ${path} can't be written: ${messageOf(cause)}. Make its folder writable, or set another one: llmBench({ baselines: { folder: '…' } }).`,
      { cause },
    )
  })
  return path
}

/**
 * Removes a baseline's file.
 * @throws {LlmBenchError} `BASELINE`
 */
export async function removeBaseline(path: string): Promise<void> {
  await rm(path).catch((error: unknown) => {
    throw new LlmBenchError('BASELINE', `The baseline ${path} can't be removed: ${messageOf(error)}`, { cause: error })
  })
}

/** The beginning of the names of a bench's files: readable, and no other bench's. */
function stemOf(bench: BenchName): string {
  return benchFolderName({ ...bench, attempt: 0 })
}
