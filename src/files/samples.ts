import { readdir, readFile, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { LlmBenchError, messageOf } from '../errors.ts'
import { SAMPLE_FILE, SAMPLE_VERSION } from '../verdict/run-sample.ts'
import type { RunSample } from '../verdict/run-sample.ts'
import { LATEST } from './results.ts'

/** A results folder holds benches; a folder of a bisection holds versions, their suite runs, and results of each. */
const DEEPEST = 3

/**
 * Every run in a bench's folder, a results folder (`bench-results/2026-01-31T09-30-00Z`, `bench-results/latest`) or a folder of
 * results folders. Links are not followed, so that no run counts twice.
 * @throws {LlmBenchError} `RESULTS` where the folder isn't there, or a sample can't be read
 */
export async function readSamples(folder: string): Promise<RunSample[]> {
  const start = await resolveLatest(folder)
  const found = await stat(start).catch((error: unknown) => {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT'
    throw new LlmBenchError('RESULTS', `${folder} can't be read: ${missing ? 'there is no such file or folder' : messageOf(error)}`)
  })
  if (!found.isDirectory()) throw new LlmBenchError('RESULTS', `${folder} is no folder of results`)
  const files = await sampleFiles(start, DEEPEST)
  return Promise.all(files.map(readSample))
}

/** Where links can't be made, `latest.txt` names the newest results. */
async function resolveLatest(folder: string): Promise<string> {
  if (basename(folder) !== LATEST || (await stat(folder).catch(() => undefined)) !== undefined) return folder
  const name = await readFile(`${folder}.txt`, 'utf8').catch(() => undefined)
  return name === undefined ? folder : join(dirname(folder), name.trim())
}

async function sampleFiles(folder: string, depth: number): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true })
  if (entries.some((entry) => entry.isFile() && entry.name === SAMPLE_FILE)) return [join(folder, SAMPLE_FILE)]
  if (depth === 0) return []
  const inner = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name)
  return (await Promise.all(inner.toSorted().map((name) => sampleFiles(join(folder, name), depth - 1)))).flat()
}

async function readSample(path: string): Promise<RunSample> {
  const sample = await readFile(path, 'utf8')
    .then((text) => JSON.parse(text) as (Omit<Partial<RunSample>, 'version'> & { version?: unknown }) | null)
    .catch((error: unknown) => {
      throw new LlmBenchError('RESULTS', `${path} can't be read: ${messageOf(error)}`)
    })
  if (typeof sample?.bench?.name === 'string' && sample.version === SAMPLE_VERSION && typeof sample.figures === 'object') {
    return sample as unknown as RunSample
  }
  throw new LlmBenchError(
    'RESULTS',
    typeof sample?.version === 'number' && sample.version > SAMPLE_VERSION
      ? `${path} was written by a newer version of this package (format ${sample.version}, known up to ${SAMPLE_VERSION}): update it`
      : `${path} is no sample of a run: measure again`,
  )
}
