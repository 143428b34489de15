import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'

export interface TokenServerBody {
  readonly messages: readonly { readonly content: string }[]
  readonly max_tokens: number
  readonly seed: number
}

/** Streams as many tokens as are asked for, each of which names the request's seed; with usage, unless told otherwise. */
export class TokenServer {
  readonly bodies: TokenServerBody[] = []
  tokens = 0
  /** Requests that it answers; those after them hang. */
  answers = Infinity
  status = 200
  usage = true
  /** How long an answer takes. */
  delayMs = 0
  mostInFlight = 0
  #inFlight = 0
  readonly #server: Server

  constructor() {
    this.#server = createServer((request, response) => {
      if (request.url === '/v1/models') response.end(JSON.stringify({ data: [{ id: 'tiny' }] }))
      else if (request.url !== '/v1/chat/completions') response.writeHead(404).end()
      else void this.#answer(request, response)
    })
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = (await json(request)) as TokenServerBody
    if (this.bodies.push(body) > this.answers) return
    this.mostInFlight = Math.max(this.mostInFlight, ++this.#inFlight)
    if (this.delayMs > 0) await sleep(this.delayMs)
    this.#inFlight--
    if (this.status !== 200) {
      response.writeHead(this.status).end('{"error":{"message":"no room"}}')
      return
    }
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    const event = (value: object): unknown => response.write(`data: ${JSON.stringify(value)}\n\n`)
    for (let i = 0; i < body.max_tokens; i++) event({ choices: [{ index: 0, delta: { content: ` w${body.seed}` } }] })
    event({ choices: [{ index: 0, delta: {}, finish_reason: 'length' }] })
    if (this.usage) event({ choices: [], usage: { prompt_tokens: 3, completion_tokens: body.max_tokens } })
    this.tokens += body.max_tokens
    response.end('data: [DONE]\n\n')
  }

  listen(): Promise<void> {
    return new Promise((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  close(): Promise<void> {
    this.#server.closeAllConnections()
    return new Promise((resolve) => this.#server.close(() => resolve()))
  }
}
