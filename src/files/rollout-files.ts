import { open, rm, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import type { RequestRow } from '../metrics/columns.ts'
import type { BatchTime } from '../metrics/record.ts'
import { formatRanges, parseRanges } from './ranges.ts'
import { JOURNAL_VERSION, journalLine, readProgress, ROLLOUT_FILES, writeProgress, type JournalHeader } from './rollout-journal.ts'
import { DISPERSED_HEADER, dispersedRow, GLOBAL_HEADER, globalRow, secondsOf, throughputOf, type BatchLengths } from './rollout-stats.ts'
import { ensureFolder, resultsError } from './write.ts'

/** A finished batch of a rollout. Times are nanoseconds relative to the run's origin: first send to last response. */
export interface RolloutBatch extends BatchTime {
  readonly prompts: readonly RolloutPrompt[]
  /** The batch's requests, as they are appended to the run's columns. */
  readonly rows: readonly RequestRow[]
}

export interface RolloutPrompt {
  /** Row of the dataset. */
  readonly promptIndex: number
  readonly text: string
  /** One for each of the n samples, in their order. */
  readonly answers: readonly RolloutAnswer[]
}

export interface RolloutAnswer {
  readonly text: string
  /** Ignored where the answer failed. */
  readonly tokens: number
  readonly finishReason?: string | undefined
  readonly failed: boolean
}

/** What a rollout's files are opened with. */
export interface RolloutFilesOptions {
  /** The bench's folder; created where it is missing. */
  readonly folder: string
  readonly bench: string
  readonly workloadDigest: string
  /** Digest of the prompts' content. */
  readonly datasetDigest: string
  /** Whether `rollout_details.jsonl` holds texts. */
  readonly details: boolean
}

type AppendedFile = 'dispersed' | 'global' | 'details' | 'journal'

/**
 * The files of a rollout while it runs: `dispersed_stats.csv`, `global_stats.csv` and `rollout_details.jsonl`, appended batch
 * by batch, with the journal that lets an interrupted rollout go on. The journal's line comes last and is what makes a batch
 * count as finished, so that a crash at any moment costs no more than the batch it fell in.
 */
export class RolloutFiles {
  readonly #options: RolloutFilesOptions
  readonly #files: Record<AppendedFile, FileHandle>
  readonly #finished: Set<number>

  private constructor(options: RolloutFilesOptions, files: Record<AppendedFile, FileHandle>, finished: Set<number>) {
    this.#options = options
    this.#files = files
    this.#finished = finished
  }

  /**
   * Starts the files, or goes on with those that `restoreRollout` put into the folder.
   * @throws LlmBenchError `RESULTS` where the folder can't be written
   */
  static async open(options: RolloutFilesOptions): Promise<RolloutFiles> {
    const { folder, bench, workloadDigest } = options
    await ensureFolder(folder)
    const finished = await restoredBatches(options)
    const opened: FileHandle[] = []
    try {
      const start = async (file: AppendedFile, header: string): Promise<FileHandle> => {
        const handle = await open(join(folder, ROLLOUT_FILES[file]), finished === undefined ? 'w' : 'a')
        opened.push(handle)
        if (finished === undefined) await handle.writeFile(header)
        return handle
      }
      const journalHeader: JournalHeader = { version: JOURNAL_VERSION, bench, workloadDigest }
      const files = new RolloutFiles(
        options,
        {
          dispersed: await start('dispersed', `${DISPERSED_HEADER}\r\n`),
          global: await start('global', `${GLOBAL_HEADER}\r\n`),
          details: await start('details', ''),
          journal: await start('journal', `${JSON.stringify(journalHeader)}\n`),
        },
        finished ?? new Set(),
      )
      await files.#writeProgress(false)
      return files
    } catch (error) {
      await Promise.all(opened.map(async (handle) => handle.close()))
      throw resultsError("write a rollout's files to", folder, error)
    }
  }

  /**
   * Appends a finished batch to every file and has it reach the disk. One call at a time.
   * @throws LlmBenchError `RESULTS`
   */
  async appendBatch(batch: RolloutBatch): Promise<void> {
    const { index, startNs, endNs, rows } = batch
    const prompts = batch.prompts.map(({ promptIndex, answers }) => ({
      promptIndex,
      tokens: answers.map(({ failed, tokens }) => (failed ? null : tokens)),
    }))
    const lengths: BatchLengths = { index, startNs, endNs, prompts }
    try {
      await this.#append('dispersed', `${dispersedRow(lengths)}\r\n`)
      await this.#append('global', `${globalRow(lengths)}\r\n`)
      await this.#append('details', detailsLines(batch, lengths, this.#options.details))
      await this.#append('journal', journalLine({ ...lengths, rows }))
      this.#finished.add(index)
      await this.#writeProgress(false)
    } catch (error) {
      throw resultsError(`write batch ${index} to`, this.#options.folder, error)
    }
  }

  /** Ends the files. A complete rollout has nothing to go on with, so its journal is removed. */
  async close({ complete }: { complete: boolean }): Promise<void> {
    await Promise.all(Object.values(this.#files).map(async (file) => file.close()))
    await this.#writeProgress(complete)
    if (complete) await rm(join(this.#options.folder, ROLLOUT_FILES.journal), { force: true })
  }

  async #append(file: AppendedFile, text: string): Promise<void> {
    await this.#files[file].appendFile(text)
    await this.#files[file].datasync()
  }

  async #writeProgress(complete: boolean): Promise<void> {
    const { folder, bench, workloadDigest, datasetDigest } = this.#options
    await writeProgress(folder, { bench, workloadDigest, datasetDigest, complete, finished: formatRanges(this.#finished) })
  }
}

async function restoredBatches({ folder, bench, workloadDigest, datasetDigest }: RolloutFilesOptions): Promise<Set<number> | undefined> {
  const progress = await readProgress(folder)
  const ours =
    progress?.bench === bench &&
    progress.workloadDigest === workloadDigest &&
    progress.datasetDigest === datasetDigest &&
    !progress.complete
  return ours ? new Set(parseRanges(progress.finished)) : undefined
}

function detailsLines(batch: RolloutBatch, lengths: BatchLengths, texts: boolean): string {
  const seconds = rounded(secondsOf(lengths))
  const throughput = rounded(throughputOf(lengths))
  return batch.prompts
    .map((prompt) =>
      JSON.stringify({
        batch_index: batch.index,
        prompt_index: prompt.promptIndex,
        ...(texts ? { prompt_text: prompt.text } : {}),
        rollouts: prompt.answers.map((answer) => ({
          ...(texts ? { response: answer.text } : {}),
          token_length: answer.failed ? 0 : answer.tokens,
          finish_reason: answer.finishReason ?? null,
        })),
        total_time: seconds,
        throughput_tokens_per_sec: throughput,
      }),
    )
    .map((line) => `${line}\n`)
    .join('')
}

function rounded(value: number | undefined): number | null {
  return value === undefined ? null : Number(value.toFixed(2))
}
