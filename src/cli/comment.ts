import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { z } from 'zod'
import { summarySchema } from '../../reporters/json/schema.ts'
import { renderMarkdown } from '../../reporters/markdown/render.ts'
import type { RunModel } from '../../reporters/model.ts'
import { hasNews } from '../../reporters/outcome.ts'
import { LlmBenchError, messageOf } from '../errors.ts'
import { listResultsFolders } from '../files/results.ts'
import { NotPermitted, persist } from '../hosting/api.ts'
import { footerOf } from '../hosting/footer.ts'
import { keepComment, markerOf } from '../hosting/keep-comment.ts'
import type { Kept } from '../hosting/keep-comment.ts'
import { findPlace } from '../hosting/place.ts'
import type { Environment } from '../hosting/place.ts'
import { PROGRAM } from './command.ts'
import type { Command } from './command.ts'
import { describeFlags, parseArguments } from './flags.ts'
import type { Flag } from './flags.ts'

const COMMAND = `${PROGRAM} comment`
const DEFAULT_FOLDER = 'bench-results'
const WHEN = ['auto', 'always', 'never'] as const
const PROVIDERS = ['github', 'gitlab'] as const

const FLAGS: readonly Flag[] = [
  {
    name: 'when',
    type: 'text',
    description:
      'auto: makes a comment only where something is beyond the noise, or can not be told; one that is there is kept up to date. always, never',
    default: 'auto',
  },
  { name: 'provider', type: 'text', description: 'github or gitlab', default: "the CI job's" },
  { name: 'repository', type: 'text', description: 'owner/name; on GitLab the id or path of the project', default: "the CI job's" },
  { name: 'pr', type: 'value', description: 'number of the pull request or merge request', default: "the CI job's" },
  { name: 'apiUrl', type: 'text', description: 'base URL of the API', default: "the CI job's" },
  { name: 'key', type: 'text', description: 'a pull request has one comment for each key', default: 'llm-bench' },
  { name: 'dryRun', type: 'boolean', description: 'prints what would be posted, and posts nothing' },
]

const optionsSchema = z.object({
  when: z.enum(WHEN).default('auto'),
  provider: z.enum(PROVIDERS).optional(),
  repository: z.string().optional(),
  pr: z.int().min(1).optional(),
  apiUrl: z.url({ protocol: /^https?$/ }).optional(),
  key: z.string().min(1).default('llm-bench'),
  dryRun: z.boolean().default(false),
})

/** `comment`: what a run came to, as the one comment of a pull request. */
export const comment: Command = {
  name: 'comment',
  summary: 'post what a run came to on its pull request or merge request',
  help: () =>
    [
      `${COMMAND} [folder] [options]`,
      '',
      `Posts the report of a results folder (default: the newest in ${DEFAULT_FOLDER}) as the one comment of the pull request that the`,
      'CI job belongs to, or brings that comment up to date.',
      '',
      describeFlags(FLAGS),
      '',
      'The token comes from the environment alone: GITHUB_TOKEN (pull-requests: write) or GITLAB_TOKEN (scope api).',
      'Where it may not comment, as on pull requests from forks, that is said, and is no error.',
    ].join('\n'),
  async run(args) {
    process.stdout.write(`${await postComment(args, process.env)}\n`)
    return 0
  },
}

/**
 * Does what the arguments ask for, in the CI job that the environment tells of.
 * @returns what was done, for the job's log
 */
export async function postComment(args: readonly string[], env: Environment): Promise<string> {
  const { options, operands } = parseArguments(args, FLAGS, COMMAND, 1)
  const { when, key, dryRun, ...where } = checked(options)
  const model = await readSummary(operands[0] ?? DEFAULT_FOLDER)
  if (when === 'never') return 'No comment: --when never.'
  const text = `${renderMarkdown(model)}${await footerOf(env)}`
  if (dryRun) return text
  const place = await findPlace(where, env)
  if ('nowhere' in place) return `No comment: ${place.nowhere}.`
  const { host } = place
  const wanted = { marker: markerOf(key), text, create: when === 'always' || hasNews(model) }
  try {
    // From the beginning each time: a request that was not answered may have been done all the same.
    return `${SAID[await persist(() => keepComment(host, wanted), delay)]} (${host.subject})`
  } catch (error) {
    if (!(error instanceof NotPermitted)) throw error
    return `No comment: the token may not comment on ${host.subject}, as is usual for pull requests from forks. ${error.message}`
  } finally {
    await host.close()
  }
}

type Options = z.output<typeof optionsSchema>

function checked(options: Record<string, unknown>): Options {
  const { data, error } = optionsSchema.safeParse(options)
  if (data !== undefined) return data
  const { path, message } = error.issues[0]!
  const flag = String(path[0]).replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
  throw new LlmBenchError(
    'USAGE',
    `${COMMAND}: --${flag} is ${JSON.stringify(options[String(path[0])])}: ${message}; see ${COMMAND} --help`,
  )
}

const SAID: Readonly<Record<Kept, string>> = {
  created: 'Comment made.',
  updated: 'Comment brought up to date.',
  unchanged: 'The comment says the same already.',
  silent: 'No comment: nothing changed beyond the noise.',
}

/** @throws {LlmBenchError} `RESULTS` where there is no summary, or none of this version */
async function readSummary(given: string): Promise<RunModel> {
  const folder = resolve(given)
  const candidates = [folder, ...(await listResultsFolders(folder)).slice(0, 1)]
  for (const candidate of candidates) {
    const path = join(candidate, 'summary.json')
    let text: string
    try {
      text = await readFile(path, 'utf8')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') continue
      throw new LlmBenchError('RESULTS', `${path} can't be read: ${messageOf(error)}`)
    }
    return parseSummary(path, text)
  }
  throw new LlmBenchError(
    'RESULTS',
    `${COMMAND}: there is no summary.json in ${folder} or its newest results: give the folder of a run, as bench-results/latest. (Without a run of a workload, none is written.)`,
  )
}

function parseSummary(path: string, text: string): RunModel {
  try {
    return summarySchema.parse(JSON.parse(text)) as unknown as RunModel
  } catch (error) {
    const reason = error instanceof z.ZodError ? `${error.issues[0]!.path.join('.')}: ${error.issues[0]!.message}` : messageOf(error)
    throw new LlmBenchError('RESULTS', `${path} is no summary of this version: ${reason}`)
  }
}
