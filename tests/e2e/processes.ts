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
