// A server of its own process that streams answers at fixed times and keeps a log of when it really did.
import { createServer } from 'node:http'
import type { ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'

/** What the server did for one request; times in nanoseconds of `process.hrtime.bigint()`, as text. */
export interface Truth {
  readonly prompt: string
  /** When the whole request had been read. */
  readonly receivedNs: string
  /** Just before the first token was written. */
  readonly firstNs: string
  /** Just before the last token was written. */
  readonly lastNs: string
  readonly tokens: number
}

const [, , ttftMs, itlMs] = process.argv.map(Number)
const log: Truth[] = []
const role = event({ choices: [{ index: 0, delta: { role: 'assistant', content: '' } }] })
const token = event({ choices: [{ index: 0, delta: { content: ' word' } }] })
const finish = event({ choices: [{ index: 0, delta: {}, finish_reason: 'length' }] })

const server = createServer((request, response) => {
  if (request.url === '/v1/models') response.end('{"data":[{"id":"truth"}]}')
  else if (request.url === '/log') response.end(JSON.stringify(log))
  else if (request.method === 'POST') void json(request).then((body) => answer(body as ChatBody, response))
  else response.writeHead(404).end()
})

interface ChatBody {
  readonly messages: readonly { readonly content: string }[]
  readonly max_tokens: number
}

async function answer(body: ChatBody, response: ServerResponse): Promise<void> {
  const receivedNs = process.hrtime.bigint()
  const tokens = body.max_tokens
  response.socket!.setNoDelay(true)
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  // Long before the first token, as some servers do it.
  response.write(role)
  let [firstNs, lastNs] = [0n, 0n]
  for (let i = 0; i < tokens; i++) {
    await until(receivedNs + BigInt(Math.round((ttftMs! + i * itlMs!) * 1e6)))
    lastNs = process.hrtime.bigint()
    if (i === 0) firstNs = lastNs
    response.write(token)
  }
  log.push({ prompt: body.messages.at(-1)!.content, receivedNs: `${receivedNs}`, firstNs: `${firstNs}`, lastNs: `${lastNs}`, tokens })
  // What comes after the last token is no part of the answer's time.
  await sleep(ttftMs)
  response.write(finish)
  response.write(event({ choices: [], usage: { prompt_tokens: 5, completion_tokens: tokens } }))
  response.end('data: [DONE]\n\n')
}

async function until(ns: bigint): Promise<void> {
  for (let left = ns - process.hrtime.bigint(); left > 0n; left = ns - process.hrtime.bigint()) await sleep(Number(left) / 1e6)
}

function event(data: object): string {
  return `data: ${JSON.stringify(data)}\n\n`
}

server.listen(0, '127.0.0.1', () => process.send!((server.address() as AddressInfo).port))
process.once('disconnect', () => process.exit())
