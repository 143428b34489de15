import { createServer } from 'node:http'
import type { RequestListener, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'
import type { AtEnd } from './run-vitest.ts'

/** Serves this on a free loopback port until the test ends. */
export async function serve(listener: RequestListener, atEnd: AtEnd = onTestFinished): Promise<string> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  atEnd(
    () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  )
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

/** A server with one model, which streams answers of one token as long as `answers` says so, and else refuses. */
export function serveTokens(answers: (request: number) => boolean = () => true, atEnd: AtEnd = onTestFinished): Promise<string> {
  let asked = 0
  return serve((request, response) => {
    if (request.method === 'GET') return response.end('{"data":[{"id":"m"}]}')
    request.resume()
    if (answers(asked++)) return streamToken(response)
    return response.writeHead(503).end('{"error":{"message":"out of memory"}}')
  }, atEnd)
}

function streamToken(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  response.write(event({ choices: [{ index: 0, delta: { content: 'a' } }] }))
  response.write(event({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] }))
  response.end('data: [DONE]\n\n')
}

function event(value: object): string {
  return `data: ${JSON.stringify(value)}\n\n`
}
