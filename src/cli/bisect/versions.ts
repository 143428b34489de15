import { readFile } from 'node:fs/promises'
import { text as textOf } from 'node:stream/consumers'
import { nearest } from '../../dsl/options.ts'
import { LlmBenchError, messageOf } from '../../errors.ts'

/** What stands for the version in a shell command. */
export const PLACEHOLDER = '{version}'

/** No sign that a shell reads, and no beginning that a program takes for a flag. */
const SAFE = /^[\w.+:@/][\w.+:@/-]*$/

/** Flags that name versions. */
interface VersionFlags {
  readonly good?: string | undefined
  readonly bad?: string | undefined
  readonly versions?: string | undefined
  readonly versionsFrom?: string | undefined
}

/**
 * The versions from the good one to the bad one.
 * @throws {LlmBenchError} `USAGE`
 */
export async function pickVersions({ good, bad, versions, versionsFrom }: VersionFlags, command: string): Promise<string[]> {
  const fail = (message: string): LlmBenchError => new LlmBenchError('USAGE', `${command}: ${message}`)
  if (good === undefined || bad === undefined)
    throw fail('--good and --bad are needed: a version that is fast, and a later one that is slow')
  if ((versions === undefined) === (versionsFrom === undefined)) {
    throw fail('name all versions, from the oldest to the newest, by one of --versions v1,v2,… and --versions-from FILE')
  }
  const lines = versions === undefined ? await linesOf(versionsFrom!, command) : versions.split(',')
  const all = lines.map((line) => line.trim()).filter((line) => line !== '' && !line.startsWith('#'))
  const twice = all.find((version, i) => all.indexOf(version) !== i)
  if (twice !== undefined) throw fail(`version ${twice} is listed twice`)
  for (const version of all) {
    if (!SAFE.test(version)) {
      throw fail(
        `version ${JSON.stringify(version)} can't be put into a command: expected letters, digits and . _ + : @ / -, and no - first`,
      )
    }
  }
  const [from, to] = [good, bad].map((version) => {
    const index = all.indexOf(version)
    if (index !== -1) return index
    const near = nearest(version, all)
    throw fail(`version ${JSON.stringify(version)} is not among the versions${near === undefined ? '' : `: did you mean ${near}?`}`)
  }) as [number, number]
  if (from === to) throw fail(`--good and --bad are the same version, ${good}`)
  if (from > to) throw fail(`${bad} comes before ${good} in the list: list the oldest version first`)
  return all.slice(from, to + 1)
}

async function linesOf(file: string, command: string): Promise<string[]> {
  try {
    return (file === '-' ? await textOf(process.stdin) : await readFile(file, 'utf8')).split('\n')
  } catch (error) {
    throw new LlmBenchError('USAGE', `${command}: --versions-from ${file} can't be read: ${messageOf(error)}`)
  }
}

/** A shell command for a version. */
export function commandFor(command: string, version: string): string {
  return command.replaceAll(PLACEHOLDER, version)
}
