import { readdir, readFile, readlink } from 'node:fs/promises'

/**
 * Ids of the processes whose working folder or command line names this folder. Linux only.
 * @param command a part of their command line
 */
export async function processesUsing(folder: string, command = ''): Promise<number[]> {
  const ids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const using = await Promise.all(
    ids.map(async (id) => {
      const [cwd, line] = await Promise.all([
        readlink(`/proc/${id}/cwd`).catch(() => ''),
        readFile(`/proc/${id}/cmdline`, 'utf8').catch(() => ''),
      ])
      return (cwd.startsWith(folder) || line.includes(folder)) && line.includes(command) ? [Number(id)] : []
    }),
  )
  return using.flat()
}

const TICKS_PER_SECOND = 100

/** Seconds of CPU time that the process of an engine has taken in this folder so far; 0 where there is none. Linux only. */
export async function engineSeconds(folder: string): Promise<number> {
  const times = (await processesUsing(folder)).map(async (id) => {
    const [command, stat] = await Promise.all(['cmdline', 'stat'].map((file) => readFile(`/proc/${id}/${file}`, 'utf8').catch(() => '')))
    if (!command!.includes('load/worker.js')) return 0
    const [, user, system] = /\) (?:\S+ ){11}(\d+) (\d+)/.exec(stat!) ?? []
    return (Number(user) + Number(system)) / TICKS_PER_SECOND
  })
  return Math.max(0, ...(await Promise.all(times)))
}
