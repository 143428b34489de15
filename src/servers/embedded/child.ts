/**
 * The embedded server's process: reads what to serve from stdin, reports its port on stdout, and ends when stdin does.
 * @module
 */
import { createInterface } from 'node:readline'
import { messageOf } from '../../errors.ts'
import { serve } from './http-server.ts'
import { loadService } from './service.ts'
import { REPORT_MARK } from './protocol.ts'
import type { StartMessage, StartReport } from './protocol.ts'

/** How long a tidy end may take, with a step of a large model in progress. */
const END_TIMEOUT_MS = 3000

// Ctrl-C goes to the whole group of processes; the parent lets requests finish and then closes stdin.
process.on('SIGINT', () => {})

let end = async (): Promise<void> => {}

const input = createInterface({ input: process.stdin })
input.once('line', (line) => void start(JSON.parse(line) as StartMessage))
input.once('close', () => {
  setTimeout(() => process.kill(process.pid, 'SIGKILL'), END_TIMEOUT_MS)
  void end().finally(() => process.exit(0))
})

async function start({ spec, root }: StartMessage): Promise<void> {
  try {
    const service = await loadService(spec, root)
    const server = await serve(service, spec.apiKey)
    end = async () => {
      await server.close()
      await service.close()
    }
    report({ type: 'ready', port: server.port, model: service.model, version: service.version, tokenizer: service.tokenizer })
  } catch (error) {
    report({ type: 'failed', message: messageOf(error) })
  }
}

function report(message: StartReport): void {
  process.stdout.write(`${REPORT_MARK}${JSON.stringify(message)}\n`)
}
