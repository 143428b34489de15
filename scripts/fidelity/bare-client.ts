/**
 * The least that a client on Node can do: it reads sockets into one buffer, looks at the clock and counts events. What it takes is
 * the floor under any load generator that runs on Node. Called as the C client is, and tells the same.
 * @module
 */
import { writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import type { Socket } from 'node:net'

const [port, requests, clients, tokens, rampUp] = process.argv.slice(2, 7).map(Number) as [number, number, number, number, number]
const log = process.argv[7]!

const PADDING = 'hello world '.repeat(40)
const buffer = Buffer.allocUnsafeSlow(64 * 1024)
const END = Buffer.from('0\r\n\r\n')
const lines: string[] = []
let next = 0
let ended = 0

const origin = process.hrtime.bigint()
const startMs = performance.now()
const before = process.threadCpuUsage()
for (let i = 0; i < clients; i++) setTimeout(startClient, (i * rampUp * 1000) / clients)

function startClient(): void {
  let id = 0
  let sentMs = 0
  let firstMs = 0
  let lastMs = 0
  let events = 0
  const send = (): void => {
    if (next === requests) return
    id = next++
    events = 0
    const bytes = requestBytes(id)
    sentMs = performance.now()
    socket.write(bytes)
  }
  const socket: Socket = connect({
    port,
    host: '127.0.0.1',
    noDelay: true,
    onread: {
      buffer,
      callback: (length) => {
        const nowMs = performance.now()
        for (let at = buffer.indexOf('\n\n'); at >= 0 && at + 1 < length; at = buffer.indexOf('\n\n', at + 2)) {
          if (++events > tokens) continue
          if (events === 1) firstMs = nowMs
          lastMs = nowMs
        }
        if (length >= END.length && buffer.compare(END, 0, END.length, length - END.length, length) === 0) {
          lines.push([id, ...[sentMs - startMs, firstMs - sentMs, lastMs - sentMs].map((ms) => Math.round(ms * 1e6))].join(' '))
          if (++ended === requests) finish()
          else send()
        }
        return true
      },
    },
  })
  socket.on('connect', send)
}

function requestBytes(id: number): string {
  const messages = [{ role: 'user', content: `#id=${id}# ${PADDING}` }]
  const body = JSON.stringify({ model: 'mock', messages, max_tokens: tokens, stream: true })
  return `POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`
}

function finish(): void {
  const { user, system } = process.threadCpuUsage(before)
  writeFileSync(log, `${lines.join('\n')}\n`)
  process.stdout.write(JSON.stringify({ cpu: (user + system) / 1e6, wall: Number(process.hrtime.bigint() - origin) / 1e9 }))
  process.exit()
}
