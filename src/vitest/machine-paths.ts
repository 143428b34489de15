import { homedir, tmpdir } from 'node:os'
import { cacheFolder } from '../cache-folder.ts'

/**
 * A text without what differs from machine to machine and from run to run in its paths: those below the root become relative, of those
 * in a temporary folder or in this package's cache only the last name stays, and the home folder is `~`.
 */
export function withoutPlaces(text: string, root: string): string {
  const relative = replacePaths(text, root, (rest) => `.${rest}`)
  const named = [cacheFolder(), tmpdir(), '/tmp', '/var/tmp'].reduce(
    (result, folder) => replacePaths(result, folder, (rest) => `…/${rest.split(/[\\/]/).at(-1)!}`),
    relative,
  )
  return replacePaths(named, homedir(), (rest) => `~${rest}`)
}

/** Where a path ends in a text. */
const END = String.raw`\s"'=:,;`

function replacePaths(text: string, folder: string, replacement: (rest: string) => string): string {
  // A container's home may be the root of all.
  if (folder.length < 2) return text
  const literal = folder.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)
  const paths = new RegExp(String.raw`(?<![\w.~…/-])${literal}((?:[\\/][^${END}]*)?)(?=$|[${END}])`, 'g')
  return text.replaceAll(paths, (_, rest: string) => replacement(rest))
}
