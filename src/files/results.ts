import { createHash, randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { access, mkdir, readdir, rename, rm, rmdir, symlink } from 'node:fs/promises'
import { basename, dirname, join, relative, sep } from 'node:path'
import type { BenchName } from '../verdict/run-sample.ts'
import { ensureFolder, resultsError, writeFileAtomic } from './write.ts'

/** Name of the link to the newest results folder. */
export const LATEST = 'latest'

/**
 * Creates the folder of one run's results, `<home>/2026-01-31T09-30-00Z` (UTC; with `-2`, `-3`, … where runs start in the same
 * second), and points `latest` to it. Earlier runs stay.
 * @returns the folder's path
 * @throws LlmBenchError `RESULTS` where it can't be written
 */
export async function createResultsFolder(home: string, startedAt: Date): Promise<string> {
  await ensureFolder(home)
  const time = `${startedAt.toISOString().slice(0, 19).replaceAll(':', '-')}Z`
  for (let take = 1; ; take++) {
    const folder = join(home, take === 1 ? time : `${time}-${take}`)
    try {
      await mkdir(folder)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') continue
      throw resultsError('create', folder, error)
    }
    await pointLatestTo(home, basename(folder))
    return folder
  }
}

async function pointLatestTo(home: string, name: string): Promise<void> {
  const temporary = join(home, `.${randomBytes(6).toString('hex')}.tmp`)
  const note = join(home, `${LATEST}.txt`)
  try {
    await symlink(name, temporary, 'dir')
    await rename(temporary, join(home, LATEST))
    await rm(note, { force: true })
  } catch {
    // Windows without the right to make links, some network and FAT file systems, or a folder of the user's of that name.
    await rm(temporary, { force: true }).catch(() => {})
    await writeFileAtomic(note, `${name}\n`)
  }
}

/** The results folders in `home`, newest first; none where there is no such folder. */
export async function listResultsFolders(home: string): Promise<string[]> {
  const entries = await readdir(home, { withFileTypes: true }).catch(() => [])
  return entries
    .flatMap((entry) => {
      const match = entry.isDirectory() ? /^(\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ)(?:-(\d+))?$/.exec(entry.name) : null
      return match === null ? [] : [{ name: entry.name, time: match[1]!, take: Number(match[2] ?? 1) }]
    })
    .toSorted((a, b) => (a.time === b.time ? b.take - a.take : a.time < b.time ? 1 : -1))
    .map(({ name }) => join(home, name))
}

/** What names a bench's folder. */
export interface BenchIdentity extends Readonly<BenchName> {
  /** Retry attempt of the test, from 0. */
  readonly attempt: number
}

const LONGEST_PART = 24

/**
 * Name of a bench's folder: readable, the same for the same bench in every run, different for different benches, and fit for
 * every file system (whatever its case rules, reserved names or normal form).
 * @example benchFolderName({ file: 'chat.bench.ts', test: '100 users', name: 'chat', attempt: 0 }) // 'chat_100-users_chat_5d1c0f2a'
 */
export function benchFolderName({ file, test, name, attempt }: BenchIdentity): string {
  // Words alone are not unique: letters are folded, signs dropped and ends cut.
  const hash = createHash('sha256')
    .update(JSON.stringify([file, test, name]))
    .digest('hex')
    .slice(0, 8)
  const words = [basename(file).replace(/(\.bench)?\.[cm]?[jt]sx?$/i, ''), test, name].map(slug).filter((part) => part !== '')
  return [...words, hash, ...(attempt > 0 ? [`attempt-${attempt + 1}`] : [])].join('_')
}

function slug(text: string): string {
  const safe = text
    .normalize('NFC')
    .toLowerCase()
    .replace(/[^\p{L}\p{M}\p{N}.]+/gu, '-')
    .replace(/^[-.]+|[-.]+$/g, '')
  return Array.from(safe)
    .slice(0, LONGEST_PART)
    .join('')
    .replace(/[-.]+$/, '')
}

/** A path for the output of a server, in a folder of its own within the results; nothing is there yet. */
export function newLogFile(resultsFolder: string, server: string): string {
  const folder = join(resultsFolder, 'servers')
  for (let take = 1; ; take++) {
    const path = join(folder, `${[slug(server), ...(take === 1 ? [] : [take])].join('-')}.log`)
    if (handedOut.has(path) || existsSync(path)) continue
    handedOut.add(path)
    return path
  }
}

const handedOut = new Set<string>()

/**
 * Takes back a results folder that nothing was written to: `latest` points to the newest one before it, and where there is none,
 * no trace is left.
 */
export async function discardIfEmpty(folder: string): Promise<void> {
  await removeIfEmpty(folder)
  if (await exists(folder)) return
  const home = dirname(folder)
  const [newest] = await listResultsFolders(home)
  if (newest !== undefined) return pointLatestTo(home, basename(newest))
  await Promise.all([LATEST, `${LATEST}.txt`].map((name) => rm(join(home, name), { force: true }).catch(() => {})))
  await removeIfEmpty(home)
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}

/** Removes a folder that nothing was written to; leaves any other, and a missing one, alone. */
export async function removeIfEmpty(folder: string): Promise<void> {
  try {
    await rmdir(folder)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code !== 'ENOTEMPTY' && code !== 'EEXIST' && code !== 'ENOENT') throw resultsError('remove', folder, error)
  }
}

/** A path as reports name it: relative to the root, with `/` on every system. */
export function toRootRelative(root: string, path: string): string {
  return relative(root, path).split(sep).join('/') || '.'
}
