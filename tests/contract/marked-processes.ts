import { randomUUID } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'

const NAME = 'LLM_BENCH_TEST_MARK'

/** An environment variable that all descendants of a process inherit, wherever they go. */
export function newMark(): Record<string, string> {
  return { [NAME]: randomUUID() }
}

/** Ids of the processes that have a mark; on Linux, elsewhere none are found. */
export async function processesWith(mark: Record<string, string>): Promise<number[]> {
  if (process.platform !== 'linux') return []
  const ids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const found = await Promise.all(
    ids.map(async (id) => {
      const environment = await readFile(`/proc/${id}/environ`, 'utf8').catch(() => '')
      return environment.includes(`${NAME}=${mark[NAME]}`) ? [Number(id)] : []
    }),
  )
  return found.flat()
}
