// `vitest-llm-bench comment` against a stand-in for the API of the hosting service.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { postComment } from '../../../src/cli/comment.ts'
import { renderSummary } from '../../../reporters/json/render.ts'
import type { RunModel } from '../../../reporters/model.ts'
import {
  comparison,
  holdError,
  holding,
  model as modelOf,
  regressed,
  run as benchRun,
  test as benchTest,
  undecided,
} from '../reporters/fixtures.ts'
import type { HostingStandIn } from '../../stand-ins/hosting.ts'
import { serveHosting } from '../../stand-ins/hosting.ts'

const TOKEN = 'ghs_not_to_be_seen'
const MARKER = '<!-- vitest-llm-bench:llm%2Dbench -->'

const held = modelOf({ tests: [benchTest({ holdings: [holding()] })] })
const slower = modelOf({ tests: [benchTest({ state: 'failed', errors: [holdError()], holdings: [holding([regressed()])] })] })

interface Job {
  readonly model?: RunModel
  readonly event?: object
  readonly env?: Record<string, string | undefined>
  readonly args?: string[]
}

/** A folder with these files, for the length of the test. */
async function folderOf(files: Record<string, string>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'llm-bench-comment-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content)
  return folder
}

/** Runs the command as a job of GitHub Actions does, of pull request 12 where nothing else is said. */
async function comment(
  host: HostingStandIn,
  { model = slower, event = { pull_request: { number: 12 } }, env = {}, args = [] }: Job = {},
): Promise<string> {
  const folder = await folderOf({ 'event.json': JSON.stringify(event), 'summary.json': renderSummary(model) })
  const job = {
    GITHUB_ACTIONS: 'true',
    GITHUB_API_URL: host.url,
    GITHUB_REPOSITORY: 'owner/name',
    GITHUB_EVENT_PATH: join(folder, 'event.json'),
    GITHUB_TOKEN: TOKEN,
  }
  return postComment([folder, ...args], { ...job, ...env })
}

const methods = ({ requests }: HostingStandIn): string[] => requests.map(({ method }) => method)

describe('one comment', () => {
  test('is made where something regressed, brought up to date in place, and told when it is better', async () => {
    const host = await serveHosting(['hello', `> ${MARKER}\n> quoted`])
    expect(await comment(host)).toBe('Comment made. (pull request 12 of owner/name)')
    expect(host.comments).toHaveLength(3)
    const [, , made] = host.comments
    expect(made!.body.startsWith(`${MARKER}\n## ❌ Performance regressed`)).toBe(true)
    expect(host.requests.every(({ headers }) => headers.authorization === `Bearer ${TOKEN}`)).toBe(true)

    expect(await comment(host)).toContain('says the same already')
    expect(await comment(host, { model: held })).toContain('Comment brought up to date.')
    expect(host.comments).toHaveLength(3)
    expect(made!.body).toContain('## ✅ Performance held')
    expect(host.comments[0]!.body).toBe('hello')
  })

  test('is not made where nothing changed beyond the noise, unless that is asked for', async () => {
    const host = await serveHosting()
    expect(await comment(host, { model: held })).toBe('No comment: nothing changed beyond the noise. (pull request 12 of owner/name)')
    expect(methods(host)).toEqual(['GET'])
    expect(await comment(host, { model: held, args: ['--when', 'always'] })).toContain('Comment made.')
    expect(await comment(host, { args: ['--when=never'] })).toBe('No comment: --when never.')
    expect(host.comments).toHaveLength(1)
  })

  test('is made where the runs decide nothing', async () => {
    const host = await serveHosting()
    await comment(host, { model: modelOf({ tests: [benchTest({ holdings: [holding([undecided()])] })] }) })
    expect(host.comments[0]!.body).toContain('9 runs would settle it')
  })

  test('is found among hundreds, and each key has its own', async () => {
    const host = await serveHosting([...Array.from({ length: 250 }, (_, i) => `comment ${i}`), `${MARKER}\nold`])
    expect(await comment(host)).toContain('brought up to date')
    expect(host.requests.map(({ path }) => /&page=(\d+)/.exec(path)?.[1])).toEqual(['1', '2', '3', undefined])
    expect(host.comments.at(-1)!.body).toContain('Performance regressed')
    expect(await comment(host, { args: ['--key', 'nightly'] })).toContain('Comment made.')
    expect(host.comments).toHaveLength(252)
  })

  test('of 400 benches is as long as a comment may be', async () => {
    const host = await serveHosting()
    const tests = Array.from({ length: 400 }, (_, i) => {
      const bench = `bench ${i}`
      return benchTest({ name: bench, runs: [benchRun({ bench })], holdings: [holding([comparison(), undecided()], { bench })] })
    })
    expect(await comment(host, { model: modelOf({ tests }) })).toContain('Comment made.')
    expect(host.comments[0]!.body.length).toBeLessThan(61_000)
    expect(host.comments[0]!.body).toContain('**Left out** for length')
  })
})

describe('a host that does not do as asked', () => {
  test('is asked again after 500, without making a second comment', async () => {
    const host = await serveHosting()
    host.faults.push({ status: 502 })
    await comment(host)
    expect(methods(host)).toEqual(['GET', 'GET', 'POST'])

    const other = await serveHosting()
    // The comment is made, though the answer says otherwise.
    other.faults.push(undefined, { status: 500, done: true })
    await comment(other)
    expect(methods(other)).toEqual(['GET', 'POST', 'GET'])
    expect(other.comments).toHaveLength(1)
  })

  test('gives up on one that never answers otherwise, or wants to be left alone for long', async () => {
    const host = await serveHosting()
    host.faults.push({ status: 429, headers: { 'retry-after': '3600' } })
    await expect(comment(host)).rejects.toThrow(/answered 429: not now, and wants to be tried again in 3600 s at the earliest$/)
  })

  test.for([403, 404])('says that the token may not comment, as on forks, and is no error: %i', async (status) => {
    const host = await serveHosting()
    host.faults.push(undefined, { status, message: 'Resource not accessible by integration' })
    const output = await comment(host)
    expect(output).toContain('No comment: the token may not comment on pull request 12 of owner/name')
    expect(output).toContain('Resource not accessible by integration')
    expect(output).not.toContain(TOKEN)
  })

  test('says what is wrong with a token or an address, and never the token', async () => {
    const host = await serveHosting()
    host.faults.push({ status: 401, message: `Bad credentials ${TOKEN}` })
    await expect(comment(host)).rejects.toThrow(/answered 401: Bad credentials \*\*\*$/)
    host.faults.push({ status: 302, headers: { location: 'http://127.0.0.1:1/' } })
    await expect(comment(host)).rejects.toThrow(/answered 302/)
  })
})

describe('where it belongs', () => {
  test.for<[string, Job]>([
    ['the pull request of the event', { event: { pull_request: { number: 12 } } }],
    ['the pull request that was commented on', { event: { issue: { number: 12, pull_request: {} } } }],
    ['the pull request of another workflow', { event: { workflow_run: { pull_requests: [{ number: 12 }] } } }],
    ['the ref', { event: {}, env: { GITHUB_REF: 'refs/pull/12/merge' } }],
    ['--pr', { event: {}, args: ['--pr', '12'] }],
  ])('%s', async ([, job]) => {
    const host = await serveHosting()
    expect(await comment(host, job)).toContain('pull request 12')
  })

  test('a push has none, and a job without a token can not: both are said, and no error', async () => {
    const host = await serveHosting()
    expect(await comment(host, { event: { issue: { number: 3 } } })).toBe(
      'No comment: the job belongs to no pull request (--pr names one).',
    )
    expect(await comment(host, { env: { GITHUB_TOKEN: '' } })).toContain('there is no token: set GITHUB_TOKEN')
    expect(host.requests).toEqual([])
  })

  test('a merge request on GitLab, by the project that it is to be merged into', async () => {
    const host = await serveHosting([`${MARKER}\nold`])
    const env = {
      GITHUB_ACTIONS: undefined,
      GITLAB_CI: 'true',
      CI_API_V4_URL: host.url,
      CI_PROJECT_ID: '99',
      CI_MERGE_REQUEST_PROJECT_ID: 'group/name',
      CI_MERGE_REQUEST_IID: '12',
      GITLAB_TOKEN: 'glpat',
      CI_JOB_URL: 'https://gitlab.example/job/1',
    }
    expect(await comment(host, { env })).toBe('Comment brought up to date. (merge request 12 of project group/name)')
    expect(host.requests.map(({ method, headers }) => [method, headers['private-token']])).toEqual([
      ['GET', 'glpat'],
      ['PUT', 'glpat'],
    ])
    expect(host.comments[0]!.body).toContain('[Run and files](<https://gitlab.example/job/1>)')
  })
})

test('what would be posted can be seen without a host', async () => {
  const folder = await folderOf({ 'summary.json': renderSummary(slower) })
  expect(await postComment([folder, '--dry-run'], {})).toMatch(/^## ❌ Performance regressed/)
})

test('the newest results of the folder are taken', async () => {
  const folder = await folderOf({})
  for (const [time, model] of [
    ['2026-03-01T12-00-00Z', slower],
    ['2026-03-02T12-00-00Z', held],
  ] as const) {
    await mkdir(join(folder, time))
    await writeFile(join(folder, time, 'summary.json'), renderSummary(model))
  }
  expect(await postComment([folder, '--dry-run'], {})).toMatch(/^## ✅ Performance held/)
})

describe('bad input is one clear line', () => {
  test.for<[string[], string]>([
    [['--when', 'sometimes'], '--when is "sometimes"'],
    [['--pr', '0'], '--pr is 0'],
    [['--api-url', 'ftp://x'], '--api-url is "ftp://x"'],
    [['--provider', 'bitbucket'], '--provider is "bitbucket"'],
    [['--repositry', 'x'], 'did you mean --repository?'],
    [[], 'say --provider github or --provider gitlab'],
    [['--provider', 'github', '--repository', 'name'], '--repository is "name": expected owner/name'],
    [['--provider', 'gitlab'], '--repository is missing'],
  ])('%j', async ([args, message]) => {
    const folder = await folderOf({ 'summary.json': renderSummary(slower) })
    const error = await postComment([folder, ...args], {}).catch((error: Error) => error)
    expect(error).toMatchObject({ name: 'LlmBenchError', message: expect.stringContaining(message) as string })
    expect((error as Error).message.split('\n')).toHaveLength(1)
  })

  test('no summary, and one of another form', async () => {
    await expect(postComment([await folderOf({})], {})).rejects.toThrow('there is no summary.json in')
    const folder = await folderOf({ 'summary.json': '{"schemaVersion":1}' })
    await expect(postComment([folder], {})).rejects.toThrow('is no summary of this version')
  })
})
