// A server such as a user launches, with the vices of real ones. Options as `name=value`:
//   port      where it speaks the OpenAI API
//   socket    path of the Unix socket where it speaks it instead
//   tls       path of its certificate and key, without their `.pem` and `.key`
//   slow      milliseconds until it listens; `never`
//   child     a process of its group; session: one of a session of its own; orphan: one of its own session whose parent is gone
//   stubborn  takes no notice of SIGTERM, nor do its children
//   die       exit code with which it ends: at once, or `die=3@tokens` in the middle of the first answer
//   print     a line for its output
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { RequestListener, ServerResponse } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import { setTimeout as sleep } from 'node:timers/promises'

const options = new Map(process.argv.slice(2).map((word) => word.split(/=(.*)/s) as [string, string]))
const DAY_MS = 86_400_000

process.on('SIGTERM', () => {
  if (options.has('stubborn')) console.log('SIGTERM? not me')
  else process.exit(0)
})

// Small processes, for tests start many.
const wait = `${options.has('stubborn') ? "trap '' TERM; " : ''}exec sleep 86400`
const run = (script: string, detached: boolean): void => {
  spawn('sh', ['-c', script], { detached, stdio: 'ignore' }).unref()
}
if (options.has('child')) run(wait, false)
if (options.has('session')) run(wait, true)
if (options.has('orphan')) run(`(${wait}) & exit`, true)

console.error(`serving as ${process.env['STAND_IN_NAME'] ?? 'nobody'}, with the token ${process.env['HF_TOKEN'] ?? 'of nobody'}`)
if (options.has('print')) console.log(options.get('print'))
const [code, when] = options.get('die')?.split('@') ?? []
if (code !== undefined && when === undefined) process.exit(Number(code))
await sleep(options.get('slow') === 'never' ? DAY_MS : Number(options.get('slow') ?? 0))

const DOCUMENTS: Record<string, string> = { '/version': '{"engine":{"version":"1.2.3"}}', '/v1/models': '{"data":[{"id":"stand-in"}]}' }

const event = (value: object): string => `data: ${JSON.stringify(value)}\n\n`
let answered = 0
const take: RequestListener = (request, response) => {
  const document = DOCUMENTS[request.url!]
  request.resume()
  if (request.url!.endsWith('_profile')) console.log(`profile: ${request.url}`)
  if (request.url!.endsWith('/chat/completions')) answer(response)
  else response.writeHead(document === undefined && request.method === 'GET' ? 404 : 200).end(document)
}
function answer(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  response.write(event({ choices: [{ index: 0, delta: { content: 'a' } }] }))
  if (when === 'tokens') {
    console.error('CUDA error: an illegal memory access was encountered')
    process.exit(Number(code))
  }
  setTimeout(() => {
    if (++answered === 1) console.log('answered a request')
    response.write(event({ choices: [{ index: 0, delta: { content: 'b' }, finish_reason: 'length' }] }))
    response.end(event({ choices: [], usage: { prompt_tokens: 3, completion_tokens: 2 } }))
  }, 5)
}
const pair = options.get('tls')
const server =
  pair === undefined
    ? createServer(take)
    : createSecureServer({ cert: readFileSync(`${pair}.pem`), key: readFileSync(`${pair}.key`) }, take)
const socket = options.get('socket')
server.listen(socket === undefined ? { port: Number(options.get('port')), host: '127.0.0.1' } : { path: socket }, () =>
  console.log('\x1b[32mINFO\x1b[0m: startup complete'),
)
