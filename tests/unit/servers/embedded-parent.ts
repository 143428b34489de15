import { embedded } from '../../../src/dsl/targets.ts'
import { startEmbedded } from '../../../src/servers/embedded/start.ts'

const server = await startEmbedded(embedded({ contextSize: 4096, parallel: 1 }), { root: import.meta.dirname })
const body = JSON.stringify({ prompt: 'the', max_tokens: 4000, stream: true })
const response = await fetch(`${server.baseURL}/completions`, { method: 'POST', body })
process.stdout.write(`${server.pid}\n`)
await response.text()
