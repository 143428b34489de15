import { readFile } from 'node:fs/promises'
import { z } from 'zod'
import { LlmBenchError, messageOf } from '../errors.ts'
import type { Golden } from '../verdict/answers.ts'
import { writeFileAtomic } from './write.ts'

const VERSION = 1

const index = z.int().min(0)

const goldenFile = z.object({
  version: z.literal(VERSION),
  dataset: z.string(),
  answers: z.array(z.object({ prompt: index, turn: index.exactOptional(), text: z.string() })),
})

/**
 * Reads golden answers.
 * @returns undefined where there is no such file
 * @throws {LlmBenchError} `BASELINE` where it can't be read, or is none
 */
export async function readGolden(path: string): Promise<Golden | undefined> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined
    throw broken(path, messageOf(error))
  })
  if (text === undefined) return undefined
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (error) {
    throw broken(path, messageOf(error))
  }
  const version = (json as { version?: unknown } | null)?.version
  if (typeof version === 'number' && version > VERSION) {
    throw broken(path, `it is of version ${version}, and this release of vitest-llm-bench knows ${VERSION} and earlier`)
  }
  const parsed = goldenFile.safeParse(json)
  if (!parsed.success) throw broken(path, z.prettifyError(parsed.error))
  return { dataset: parsed.data.dataset, answers: parsed.data.answers }
}

/**
 * Writes golden answers, one a line, so that a change of one shows as such in a review.
 * @throws {LlmBenchError} `RESULTS`
 */
export async function writeGolden(path: string, { dataset, answers }: Golden): Promise<void> {
  const lines = answers.map((answer) => `    ${JSON.stringify(answer)}`).join(',\n')
  await writeFileAtomic(path, `{\n  "version": ${VERSION},\n  "dataset": ${JSON.stringify(dataset)},\n  "answers": [\n${lines}\n  ]\n}\n`)
}

function broken(path: string, why: string): LlmBenchError {
  return new LlmBenchError(
    'BASELINE',
    `The golden answers in ${path} can't be read: ${why}. Restore the file from version control, or write it anew with \`vitest bench -u\`.`,
  )
}
