import { readFile } from 'node:fs/promises'
import type { Environment } from './place.ts'

/** Where the run and its files are found, and of which commit it is; nothing outside of CI. */
export async function footerOf(env: Environment): Promise<string> {
  const run = runURL(env)
  const commit = await commitOf(env)
  const parts = [
    ...(run === undefined ? [] : [`[Run and files](<${run}>)`]),
    ...(commit === undefined ? [] : [`of commit ${commit.slice(0, 12)}`]),
  ]
  return parts.length === 0 ? '' : `\n<sub>${parts.join(' ')}</sub>\n`
}

function runURL({ GITHUB_SERVER_URL, GITHUB_REPOSITORY, GITHUB_RUN_ID, CI_JOB_URL, BUILD_URL }: Environment): string | undefined {
  const url = GITHUB_RUN_ID ? `${GITHUB_SERVER_URL}/${GITHUB_REPOSITORY}/actions/runs/${GITHUB_RUN_ID}` : CI_JOB_URL || BUILD_URL
  return url && /^https?:\/\/[^\s<>]+$/.test(url) ? url : undefined
}

/** GitHub runs a pull request on a merge commit of its own, which nobody knows. */
async function commitOf({ GITHUB_EVENT_PATH, GITHUB_SHA, CI_COMMIT_SHA, GIT_COMMIT }: Environment): Promise<string | undefined> {
  let head: unknown
  try {
    const event = JSON.parse(await readFile(GITHUB_EVENT_PATH ?? '', 'utf8')) as { pull_request?: { head?: { sha?: unknown } } }
    head = event.pull_request?.head?.sha
  } catch {
    head = undefined
  }
  return [head, GITHUB_SHA, CI_COMMIT_SHA, GIT_COMMIT].find(
    (sha): sha is string => typeof sha === 'string' && /^[0-9a-f]{40}([0-9a-f]{24})?$/.test(sha),
  )
}
