import { connect } from 'node:net'

/** What came back on a connection, and how it ended. */
export interface RawAnswer {
  readonly head: string
  /** As it came, chunk sizes and all. */
  readonly body: string
  /** `open`: what was waited for came, and the connection stood. */
  readonly end: 'open' | 'end' | 'reset' | 'refused'
}

/** Posts JSON over a plain socket until the server ends the connection or this text has come. */
export function rawPost(port: number, body: object, until: string, path = '/v1/chat/completions'): Promise<RawAnswer> {
  const text = JSON.stringify(body)
  const request = `POST ${path} HTTP/1.1\r\nhost: h\r\ncontent-length: ${Buffer.byteLength(text)}\r\n\r\n${text}`
  return rawSend(port, request, until)
}

/** Sends bytes over a plain socket until the server ends the connection or this text has come. */
export function rawSend(port: number, bytes: string, until: string): Promise<RawAnswer> {
  return new Promise((resolve) => {
    let received = ''
    const socket = connect(port, '127.0.0.1')
    const done = (end: RawAnswer['end']): void => {
      const cut = received.indexOf('\r\n\r\n')
      resolve({ head: received.slice(0, Math.max(cut, 0)), body: received.slice(cut + 4), end })
      socket.destroy()
    }
    socket.on('connect', () => socket.write(bytes))
    socket.on('data', (data) => {
      received += data.toString('latin1')
      if (received.includes(until)) done('open')
    })
    socket.on('end', () => done('end'))
    socket.on('error', (error: NodeJS.ErrnoException) => done(error.code === 'ECONNREFUSED' ? 'refused' : 'reset'))
  })
}

/** The JSON texts of a streamed body's events, `[DONE]` among them. */
export function eventsOf(body: string): string[] {
  return [...body.matchAll(/data: (.*?)\n\n/gs)].map(([, data]) => data!)
}
