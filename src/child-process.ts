/**
 * What all processes that this package starts have in common.
 * @module
 */
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { cacheFolder } from './cache-folder.ts'

const KEPT_LOG_LINES = 50
const KEPT_LINE_LENGTH = 1000

/** The environment of a child: this process's, and a cache of compiled code, for node-llama-cpp is megabytes of it. */
export function childEnvironment(): NodeJS.ProcessEnv {
  // Under `node --watch`, a child with a channel would report each module that it loads by it.
  const { WATCH_REPORT_DEPENDENCIES: _, ...environment } = process.env
  return { NODE_COMPILE_CACHE: join(cacheFolder(), 'compiled'), ...environment }
}

/** Reads what a child prints, so that it is never blocked, and keeps the last lines. */
export function keepLog(...streams: Readable[]): () => readonly string[] {
  const lines: string[] = []
  for (const input of streams) {
    createInterface({ input }).on('line', (line) => {
      lines.push(line.slice(0, KEPT_LINE_LENGTH))
      if (lines.length > KEPT_LOG_LINES) lines.shift()
    })
  }
  return () => lines
}
