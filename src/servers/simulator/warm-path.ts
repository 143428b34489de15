import { once } from 'node:events'
import { connect } from 'node:net'
import { parseSimulator } from '../../dsl/simulator.ts'
import { serveSimulator } from './http-server.ts'

const CLIENTS = 32
const REQUESTS = 3
const TOKENS = 32

const BODY = JSON.stringify({ stream: true, max_tokens: TOKENS, messages: [{ role: 'user', content: 'Hello' }] })
const REQUEST = `POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-length: ${BODY.length}\r\n\r\n${BODY}`
const END = '\r\n0\r\n\r\n'

/**
 * Answers some requests of its own, on a server that nobody else knows: code that runs for the first time takes several times
 * as long, and the first answers of the real one would be late.
 */
export async function warmPath(): Promise<void> {
  const server = await serveSimulator(parseSimulator({ ttft: 1, itl: 1 }, 'simulator()'), { root: process.cwd() })
  try {
    await Promise.all(Array.from({ length: CLIENTS }, () => ask(server.report.port)))
  } finally {
    await server.close()
  }
}

/** One client: a request after another on one connection. */
async function ask(port: number): Promise<void> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true }).setEncoding('latin1')
  await once(socket, 'connect')
  for (let i = 0; i < REQUESTS; i++) {
    socket.write(REQUEST)
    for (let answer = ''; !answer.endsWith(END);) {
      const [part] = (await once(socket, 'data')) as [string]
      answer = answer.slice(-END.length) + part
    }
  }
  socket.destroy()
}
