import { createReadStream } from 'node:fs'
import { open, readdir } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { LlmBenchError } from '../errors.ts'
import { movedRow } from '../metrics/columns.ts'
import { formatRanges } from './ranges.ts'
import { listResultsFolders } from './results.ts'
import {
  journalLine,
  parseJournalHeader,
  parseJournalLine,
  parseJson,
  readProgress,
  ROLLOUT_FILES,
  writeProgress,
  type JournaledBatch,
} from './rollout-journal.ts'
import { DISPERSED_HEADER, dispersedRow, GLOBAL_HEADER, globalRow } from './rollout-stats.ts'
import { ensureFolder, replaceFile, resultsError, writeFileAtomic } from './write.ts'

/** Which rollout to go on with. */
export interface ResumeQuery {
  readonly bench: string
  readonly workloadDigest: string
  /** The results folder of the run that is about to start. */
  readonly exclude?: string | undefined
  /** Name of the bench's folder: benches of other tests, which may have the same name and load on another server, are passed over. */
  readonly folderName?: string | undefined
}

/**
 * The bench folder of the rollout that `resume` goes on with: the newest earlier run of this bench and load decides. Undefined
 * where that run is complete, or where there is none that finished a batch.
 */
export async function findResumable(resultsHome: string, query: ResumeQuery): Promise<string | undefined> {
  const { bench, workloadDigest, exclude, folderName } = query
  for (const results of await listResultsFolders(resultsHome)) {
    if (exclude !== undefined && resolve(exclude) === resolve(results)) continue
    for (const folder of await benchFolders(results)) {
      if (folderName !== undefined && anyAttempt(basename(folder)) !== anyAttempt(folderName)) continue
      const progress = await readProgress(folder)
      if (progress?.bench !== bench || progress.workloadDigest !== workloadDigest) continue
      if (progress.complete) return undefined
      if (progress.finished !== '') return folder
    }
  }
  return undefined
}

/** A results folder's bench folders, later attempts of a bench before earlier ones. */
async function benchFolders(results: string): Promise<string[]> {
  const entries = await readdir(results, { withFileTypes: true })
  return entries
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .toSorted((a, b) => attemptOf(b) - attemptOf(a))
    .map((name) => join(results, name))
}

/** The attempt in a folder's name, before the number that a test which runs a bench several times adds. */
const ATTEMPT = /_attempt-(\d+)(?=(?:-\d+)?$)/

function attemptOf(folderName: string): number {
  return Number(ATTEMPT.exec(folderName)?.[1] ?? 1)
}

function anyAttempt(folderName: string): string {
  return folderName.replace(ATTEMPT, '')
}

/** What an interrupted rollout had done. */
export interface RestoredRollout {
  /**
   * Its finished batches, as if they had followed each other without a pause from time 0, in ns. An origin that lies `endNs`
   * before the start of the new load puts them on the new run's clock.
   */
  readonly batches: readonly JournaledBatch[]
  /** End of the last of them; 0 where there is none. */
  readonly endNs: number
}

/**
 * Copies the finished batches of an interrupted rollout into the new run's folder, to be followed by `RolloutFiles.open` there.
 * A batch is finished when its journal line and all its detail lines are whole; whatever else a crash left behind is dropped.
 * @param options.details whether the new folder may hold texts
 * @param options.datasetDigest of the prompts that are to be sent now
 * @returns undefined where the interrupted rollout sent other prompts, so that nothing of it is of any use
 * @throws LlmBenchError `RESULTS`
 */
export async function restoreRollout(
  fromFolder: string,
  toFolder: string,
  options: { details: boolean; datasetDigest: string },
): Promise<RestoredRollout | undefined> {
  const progress = await readProgress(fromFolder)
  if (progress === undefined) {
    throw new LlmBenchError('RESULTS', `${fromFolder} holds no rollout to go on with: it has no ${ROLLOUT_FILES.progress}.`)
  }
  if (progress.datasetDigest !== options.datasetDigest) return undefined
  await ensureFolder(toFolder)
  const journaled = await readJournal(join(fromFolder, ROLLOUT_FILES.journal))
  const details = await countDetails(join(fromFolder, ROLLOUT_FILES.details))
  const finished = journaled.batches.filter(({ index, prompts }) => details.get(index) === prompts.length)
  const kept = new Set(finished.map(({ index }) => index))
  const { batches, endNs } = inSuccession(finished)

  await copyDetails(fromFolder, toFolder, kept, options.details)
  const csv = (header: string, row: (batch: JournaledBatch) => string): string => `${[header, ...batches.map(row)].join('\r\n')}\r\n`
  await writeFileAtomic(join(toFolder, ROLLOUT_FILES.dispersed), csv(DISPERSED_HEADER, dispersedRow))
  await writeFileAtomic(join(toFolder, ROLLOUT_FILES.global), csv(GLOBAL_HEADER, globalRow))
  await writeFileAtomic(join(toFolder, ROLLOUT_FILES.journal), `${journaled.header}\n${batches.map(journalLine).join('')}`)
  // Last: a folder without it is no rollout yet, so a crash before this line leaves the old folder the newest.
  await writeProgress(toFolder, { ...progress, complete: false, finished: formatRanges(kept) })
  return { batches, endNs }
}

async function readJournal(path: string): Promise<{ header: string; batches: JournaledBatch[] }> {
  let header: string | undefined
  const batches = new Map<number, JournaledBatch>()
  for await (const line of linesOf(path)) {
    if (header === undefined) {
      if (parseJournalHeader(line) === undefined) break
      header = line
      continue
    }
    const batch = parseJournalLine(line)
    if (batch !== undefined) batches.set(batch.index, batch)
  }
  if (header === undefined) {
    throw new LlmBenchError(
      'RESULTS',
      `${path} was not written by this version of vitest-llm-bench. Run without \`resume\`, or delete its folder to start anew.`,
    )
  }
  return { header, batches: [...batches.values()] }
}

/** How many whole detail lines there are for each batch. */
async function countDetails(path: string): Promise<Map<number, number>> {
  const counts = new Map<number, number>()
  for await (const line of linesOf(path)) {
    const index = (parseJson(line) as DetailsLine | undefined)?.batch_index
    if (index !== undefined) counts.set(index, (counts.get(index) ?? 0) + 1)
  }
  return counts
}

interface DetailsLine {
  batch_index: number
  prompt_index: number
  prompt_text?: string
  rollouts: { response?: string }[]
}

async function copyDetails(fromFolder: string, toFolder: string, kept: ReadonlySet<number>, texts: boolean): Promise<void> {
  await replaceFile(join(toFolder, ROLLOUT_FILES.details), async (temporary) => {
    const file = await open(temporary, 'wx')
    try {
      for await (const line of linesOf(join(fromFolder, ROLLOUT_FILES.details))) {
        const details = parseJson(line) as DetailsLine | undefined
        if (details === undefined || !kept.has(details.batch_index)) continue
        await file.appendFile(`${texts ? line : withoutTexts(details)}\n`)
      }
    } finally {
      await file.close()
    }
  })
}

function withoutTexts({ prompt_text: _prompt, rollouts, ...rest }: DetailsLine): string {
  const { batch_index, prompt_index, ...times } = rest
  return JSON.stringify({ batch_index, prompt_index, rollouts: rollouts.map(({ response: _response, ...answer }) => answer), ...times })
}

/** A file's lines. Node's own line reader also splits at U+2028 and U+2029, which JSON texts may hold. */
async function* linesOf(path: string): AsyncGenerator<string> {
  try {
    let line = ''
    for await (const chunk of createReadStream(path, 'utf8') as AsyncIterable<string>) {
      const parts = chunk.split('\n')
      line += parts.shift()!
      for (const part of parts) {
        yield line
        line = part
      }
    }
    if (line !== '') yield line
  } catch (error) {
    throw resultsError('resume from', dirname(path), error)
  }
}

function inSuccession(batches: readonly JournaledBatch[]): RestoredRollout {
  let endNs = 0
  const moved = batches.map((batch) => {
    const shift = endNs - batch.startNs
    endNs += batch.endNs - batch.startNs
    return { ...batch, startNs: batch.startNs + shift, endNs: batch.endNs + shift, rows: batch.rows.map((row) => movedRow(row, shift)) }
  })
  return { batches: moved, endNs }
}
