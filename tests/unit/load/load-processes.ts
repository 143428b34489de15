import { readdir, readFile } from 'node:fs/promises'

/** Ids of this process's load processes; on Linux, elsewhere none are found. */
export async function loadProcesses(): Promise<number[]> {
  const ids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const ours = await Promise.all(
    ids.map(async (id) => {
      const [stat, command] = await Promise.all(['stat', 'cmdline'].map((file) => readFile(`/proc/${id}/${file}`, 'utf8').catch(() => '')))
      return Number(stat!.split(') ')[1]?.split(' ')[1]) === process.pid && command!.includes('load/worker') ? [Number(id)] : []
    }),
  )
  return ours.flat()
}

/** Threads of a process: their ids and names. */
export async function threadsOf(id: number): Promise<{ readonly id: number; readonly name: string }[]> {
  const threads = await readdir(`/proc/${id}/task`)
  return Promise.all(
    threads.map(async (thread) => ({
      id: Number(thread),
      name: (await readFile(`/proc/${id}/task/${thread}/comm`, 'utf8').catch(() => '')).trim(),
    })),
  )
}
