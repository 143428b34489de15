import { readFileSync } from 'node:fs'

/** Name and version of this package, as reports and servers state them. */
export function thisPackage(): { name: string; version: string } {
  const manifest = new URL(import.meta.url.endsWith('.ts') ? '../package.json' : '../../package.json', import.meta.url)
  const { name, version } = JSON.parse(readFileSync(manifest, 'utf8')) as { name: string; version: string }
  return { name, version }
}
