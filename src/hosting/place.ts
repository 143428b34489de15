import { readFile } from 'node:fs/promises'
import { LlmBenchError, messageOf } from '../errors.ts'
import { githubHost } from './github.ts'
import { gitlabHost } from './gitlab.ts'
import type { CommentHost } from './host.ts'

/** Variables of a CI job. */
export type Environment = Readonly<Record<string, string | undefined>>

/** Who hosts the repository. */
type Provider = 'github' | 'gitlab'

/** What the caller says of the place; what is left out is told by the environment of the CI job. */
export interface PlaceOptions {
  readonly provider?: Provider | undefined
  /** `owner/name` on GitHub; id or path of the project on GitLab. */
  readonly repository?: string | undefined
  /** Number of the pull request or merge request. */
  readonly pr?: number | undefined
  readonly apiUrl?: string | undefined
}

/** Where a comment belongs, or why there is no such place. */
export type Place = { readonly host: CommentHost } | { readonly nowhere: string }

/**
 * Finds the pull request of the CI job that this runs in.
 * @throws {LlmBenchError} `USAGE` where the provider or the repository is not known, `COMMENT` where the event can't be read
 */
export async function findPlace(options: PlaceOptions, env: Environment): Promise<Place> {
  return providerOf(options, env) === 'github' ? githubPlace(options, env) : gitlabPlace(options, env)
}

function providerOf({ provider }: PlaceOptions, env: Environment): Provider {
  if (provider !== undefined) return provider
  if (env['GITHUB_ACTIONS'] === 'true') return 'github'
  if (env['GITLAB_CI'] === 'true') return 'gitlab'
  throw new LlmBenchError('USAGE', 'this is no job of GitHub Actions or GitLab CI: say --provider github or --provider gitlab')
}

async function githubPlace(options: PlaceOptions, env: Environment): Promise<Place> {
  const repository = options.repository ?? given(env['GITHUB_REPOSITORY'])
  if (repository === undefined || !/^[\w.-]+\/[\w.-]+$/.test(repository)) {
    throw new LlmBenchError('USAGE', `--repository is ${told(repository)}: expected owner/name (or the variable GITHUB_REPOSITORY)`)
  }
  const number = options.pr ?? (await pullRequestOf(env))
  if (number === undefined) return { nowhere: 'the job belongs to no pull request (--pr names one)' }
  const token = given(env['GITHUB_TOKEN']) ?? given(env['GH_TOKEN'])
  if (token === undefined) return { nowhere: 'there is no token: set GITHUB_TOKEN, with the permission pull-requests: write' }
  const apiURL = options.apiUrl ?? given(env['GITHUB_API_URL']) ?? 'https://api.github.com'
  return { host: githubHost(apiURL, token, { repository, number }) }
}

async function gitlabPlace(options: PlaceOptions, env: Environment): Promise<Place> {
  // In a pipeline of a fork the merge request belongs to another project than the job.
  const project = options.repository ?? given(env['CI_MERGE_REQUEST_PROJECT_ID']) ?? given(env['CI_PROJECT_ID'])
  if (project === undefined) {
    throw new LlmBenchError('USAGE', '--repository is missing: expected the id or path of the project (or the variable CI_PROJECT_ID)')
  }
  const number = options.pr ?? numberIn(env['CI_MERGE_REQUEST_IID'])
  if (number === undefined) return { nowhere: 'the job belongs to no merge request (--pr names one)' }
  const token = given(env['GITLAB_TOKEN'])
  if (token === undefined) return { nowhere: 'there is no token: set GITLAB_TOKEN to an access token with the scope api' }
  const apiURL = options.apiUrl ?? given(env['CI_API_V4_URL']) ?? 'https://gitlab.com/api/v4'
  return { host: gitlabHost(apiURL, token, { project, number }) }
}

interface GitHubEvent {
  readonly number?: unknown
  readonly pull_request?: { readonly number?: unknown } | null
  readonly issue?: { readonly number?: unknown; readonly pull_request?: unknown } | null
  readonly workflow_run?: { readonly pull_requests?: readonly { readonly number?: unknown }[] } | null
}

async function pullRequestOf(env: Environment): Promise<number | undefined> {
  const path = given(env['GITHUB_EVENT_PATH'])
  if (path !== undefined) {
    let event: GitHubEvent
    try {
      event = JSON.parse(await readFile(path, 'utf8')) as GitHubEvent
    } catch (error) {
      throw new LlmBenchError('COMMENT', `the event of this job can't be read (GITHUB_EVENT_PATH is ${path}): ${messageOf(error)}`)
    }
    const ofIssue = event.issue?.pull_request ? event.issue.number : undefined
    const number = numberIn(event.pull_request?.number ?? ofIssue ?? event.workflow_run?.pull_requests?.[0]?.number)
    if (number !== undefined) return number
  }
  return numberIn(/^refs\/pull\/(\d+)\//.exec(env['GITHUB_REF'] ?? '')?.[1])
}

function numberIn(value: unknown): number | undefined {
  const number = typeof value === 'string' && value !== '' ? Number(value) : value
  return typeof number === 'number' && Number.isSafeInteger(number) && number > 0 ? number : undefined
}

/** CI services set variables that have no value to nothing. */
function given(value: string | undefined): string | undefined {
  return value === undefined || value === '' ? undefined : value
}

function told(value: string | undefined): string {
  return value === undefined ? 'missing' : JSON.stringify(value)
}
