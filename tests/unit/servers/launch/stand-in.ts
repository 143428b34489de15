import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'
import { launch } from '../../../../src/dsl/launch.ts'
import type { LaunchOptions, LaunchTargetSpec } from '../../../../src/dsl/launch.ts'
import { startLaunched } from '../../../../src/servers/launch/start.ts'
import type { LaunchedServer } from '../../../../src/servers/server.ts'

const STAND_IN = fileURLToPath(new URL('../../../stand-ins/launched-server.ts', import.meta.url))

/** A folder of the test's own. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'launch-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** The stand-in server, with these words as its options. */
export function standIn(words: readonly string[] = [], options: Partial<LaunchOptions> = {}): LaunchTargetSpec {
  const args = [STAND_IN, 'port={port}', ...words]
  return launch({ command: process.execPath, name: 'stand-in', args, stopTimeout: 5, ...options })
}

/** Launches a server until the test ends; its processes run in the folder, and can be found by it. */
export async function started(folder: string, spec: LaunchTargetSpec, signal?: AbortSignal): Promise<LaunchedServer> {
  const server = await startLaunched(spec, {
    root: folder,
    logFile: join(folder, 'server.log'),
    onLine: () => {},
    signal: signal ?? new AbortController().signal,
  })
  onTestFinished(() => server.close())
  return server
}
