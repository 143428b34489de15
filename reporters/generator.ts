import { readFileSync } from 'node:fs'

/** Name and version of this package, as reports state them. */
export function generator(): { name: string; version: string } {
  const manifest = new URL(import.meta.url.endsWith('.ts') ? '../package.json' : '../../package.json', import.meta.url)
  const { name, version } = JSON.parse(readFileSync(manifest, 'utf8')) as { name: string; version: string }
  return { name, version }
}
