// Launches the server of the spec in argv, tells its process id, stays, and closes the server on SIGTERM.
import { setTimeout as sleep } from 'node:timers/promises'
import type { LaunchTargetSpec } from '../../../../src/dsl/launch.ts'
import { startLaunched } from '../../../../src/servers/launch/start.ts'

const [spec, folder] = process.argv.slice(2)
const { signal } = new AbortController()
const server = await startLaunched(JSON.parse(spec!) as LaunchTargetSpec, {
  root: folder!,
  logFile: `${folder}/server.log`,
  onLine: (line) => process.stdout.write(`line ${line}\n`),
  signal,
})
process.stdout.write(`ready ${server.pid}\n`)
process.once('SIGTERM', () => void server.close())
await sleep(86_400_000)
