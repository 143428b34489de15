import { simulator } from '../../../src/dsl/simulator.ts'
import { startSimulator } from '../../../src/servers/simulator/start.ts'

const server = await startSimulator(simulator({ ttft: '1h' }), { root: import.meta.dirname })
const body = JSON.stringify({ prompt: 'the', max_tokens: 4, stream: true })
const response = await fetch(`${server.baseURL}/completions`, { method: 'POST', body })
process.stdout.write(`${server.pid}\n`)
await response.text()
