import { existsSync } from 'node:fs'
import { mkdir, readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { canonicalJSON } from '../../dsl/digest.ts'
import { redactURL } from '../../dsl/redact.ts'
import { LlmBenchError, messageOf } from '../../errors.ts'
import { readSamples } from '../../files/samples.ts'
import { ensureFolder, writeFileAtomic } from '../../files/write.ts'
import type { RunSample } from '../../verdict/run-sample.ts'
import type { BisectPlan } from './plan.ts'

const FILE = 'bisect.json'
const RECORD_VERSION = 1

/** What was done with a version. */
export interface VersionRecord {
  /** Results folders of its suite runs, within the search's. */
  runs: string[]
  /** Why it could not be measured; absent where it could. */
  untested?: string
}

interface RecordFile {
  version: typeof RECORD_VERSION
  plan: object
  versions: Record<string, VersionRecord>
  /** What came of it; absent while it runs. */
  outcome?: object
}

/** The folder of a search: results of all suite runs, logs, and `bisect.json`, from which it goes on where it was interrupted. */
export class BisectRecord {
  readonly folder: string
  readonly #versions: readonly string[]
  readonly #file: RecordFile

  /** A folder for a new search, `<home>/bisect-2026-01-31T09-30-00Z`. */
  static async create(home: string, plan: BisectPlan, startedAt: Date): Promise<BisectRecord> {
    await ensureFolder(home)
    const time = `${startedAt.toISOString().slice(0, 19).replaceAll(':', '-')}Z`
    for (let take = 1; ; take++) {
      const folder = resolve(home, `bisect-${time}${take === 1 ? '' : `-${take}`}`)
      try {
        await mkdir(folder)
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'EEXIST') continue
        throw new LlmBenchError('RESULTS', `${folder} can't be made: ${messageOf(error)}`)
      }
      const record = new BisectRecord(folder, plan.versions, { version: RECORD_VERSION, plan: storedPlan(plan), versions: {} })
      await record.#write()
      return record
    }
  }

  /**
   * The record of a search that goes on.
   * @throws {LlmBenchError} `RESULTS` where there is none; `USAGE` where it is about something else
   */
  static async open(folder: string, plan: BisectPlan, command: string): Promise<BisectRecord> {
    const path = join(folder, FILE)
    const file = await readFile(path, 'utf8')
      .then((text) => JSON.parse(text) as RecordFile)
      .catch((error: unknown) => {
        throw new LlmBenchError('RESULTS', `${command}: --resume ${folder}: ${path} can't be read: ${messageOf(error)}`)
      })
    if (file.version !== RECORD_VERSION) {
      throw new LlmBenchError('RESULTS', `${command}: --resume ${folder} was written by another version of this package: start anew`)
    }
    const [before, now] = [file.plan, storedPlan(plan)] as Record<string, unknown>[]
    const differs = Object.keys({ ...before, ...now }).find((name) => canonicalJSON(before![name]) !== canonicalJSON(now![name]))
    if (differs !== undefined) {
      throw new LlmBenchError(
        'USAGE',
        `${command}: --resume ${folder} is about another search: its ${differs} was ${canonicalJSON(before![differs])}, ` +
          `and is ${canonicalJSON(now![differs])} here: give the same flags again`,
      )
    }
    const { outcome: _, ...rest } = file
    return new BisectRecord(resolve(folder), plan.versions, rest)
  }

  private constructor(folder: string, versions: readonly string[], file: RecordFile) {
    this.folder = folder
    this.#versions = versions
    this.#file = file
  }

  of(version: string): Readonly<VersionRecord> {
    return this.#file.versions[version] ?? { runs: [] }
  }

  /** The samples of a version's suite runs. */
  async samplesOf(version: string): Promise<RunSample[][]> {
    return Promise.all(this.of(version).runs.map((run) => readSamples(join(this.folder, run))))
  }

  /** A folder for the next suite run of a version, relative to the search's; nothing is there yet. */
  nextRun(version: string): string {
    // A version's name may hold what a folder's can't, and two may differ in that alone.
    const name = `${this.#versions.indexOf(version) + 1}_${version.replaceAll(/[^\w.+-]/g, '_')}`
    for (let run = this.of(version).runs.length + 1; ; run++) {
      const folder = `runs/${name}/${run}`
      // An interrupted run has left what it measured, and is no part of the search.
      if (!existsSync(join(this.folder, folder))) return folder
    }
  }

  async addRun(version: string, run: string): Promise<void> {
    await this.#put(version, { runs: [...this.of(version).runs, run] })
  }

  async addUntested(version: string, why: string): Promise<void> {
    await this.#put(version, { ...this.of(version), untested: why })
  }

  async finish(outcome: object): Promise<void> {
    this.#file.outcome = outcome
    await this.#write()
  }

  async #put(version: string, entry: VersionRecord): Promise<void> {
    this.#file.versions[version] = entry
    await this.#write()
  }

  #write(): Promise<void> {
    return writeFileAtomic(join(this.folder, FILE), `${JSON.stringify(this.#file, null, 2)}\n`)
  }
}

/** Commands may hold keys, and are given again. */
function storedPlan({ launch: _launch, prepare: _prepare, url, ...plan }: BisectPlan): object {
  return JSON.parse(JSON.stringify({ ...plan, url: url === undefined ? undefined : redactURL(url) })) as object
}
