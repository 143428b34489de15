import { Agent, createServer as createHttpServer, request } from 'node:http'
import type { ServerHttp2Session } from 'node:http2'
import { createSecureServer } from 'node:http2'
import type { AddressInfo, Server, Socket } from 'node:net'
import { connect, createServer } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import type { KeyPair } from './certificates.ts'

/** A server that stands before another one. */
export interface Front {
  readonly port: number
  close(): Promise<void>
}

/** Passes bytes on to a port as they are, taking TLS off where there is a certificate; each connection becomes one. */
export function pipeFront(to: number, options: { path?: string; tls?: KeyPair } = {}): Promise<Front> {
  const accept = (socket: Socket): void => join(socket, connect({ port: to, host: '127.0.0.1', noDelay: true }))
  const server = options.tls === undefined ? createServer(accept) : createTlsServer({ ...options.tls, ALPNProtocols: ['http/1.1'] }, accept)
  return listen(server, options.path)
}

/** A proxy that forwards plain HTTP and opens tunnels, and keeps in mind what it was asked for. */
export interface ProxyFront extends Front {
  /** `METHOD target`, with the credentials where there were some. */
  readonly asked: string[]
}

/** @param credentials what it wants, as `user:password` */
export async function proxyFront(credentials?: string): Promise<ProxyFront> {
  const asked: string[] = []
  const wanted = credentials === undefined ? undefined : `Basic ${Buffer.from(credentials).toString('base64')}`
  const agents = new WeakMap<Socket, Agent>()
  const server = createHttpServer((from, answer) => {
    asked.push(`${from.method} ${from.url} ${from.headers['proxy-authorization'] ?? ''}`.trim())
    if (from.headers['proxy-authorization'] !== wanted) {
      answer.writeHead(407).end()
      return
    }
    if (!agents.has(from.socket)) {
      const agent = new Agent({ keepAlive: true, maxSockets: 1 })
      agents.set(from.socket, agent)
      from.socket.on('close', () => agent.destroy())
    }
    const { 'proxy-authorization': _, ...headers } = from.headers
    const on = request(from.url!, { method: from.method!, headers, agent: agents.get(from.socket)! }, (to) => {
      answer.writeHead(to.statusCode!, to.headers)
      answer.flushHeaders()
      to.pipe(answer)
    })
    on.on('error', () => answer.destroy())
    answer.on('close', () => on.destroy())
    from.pipe(on)
  })
  server.on('connect', (from, socket: Socket) => {
    asked.push(`${from.method} ${from.url} ${from.headers['proxy-authorization'] ?? ''}`.trim())
    if (from.headers['proxy-authorization'] !== wanted) {
      socket.end('HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n')
      return
    }
    const [host = '', port = ''] = from.url!.split(':')
    const to = connect({ host, port: Number(port), noDelay: true })
    to.on('connect', () => socket.write('HTTP/1.1 200 Connection established\r\n\r\n'))
    to.on('error', () => socket.end('HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n'))
    join(socket, to)
  })
  return Object.assign(await listen(server), { asked })
}

/** A server of HTTP/2 over TLS before one of HTTP/1.1; each connection becomes one. */
export async function http2Front(to: number, tls: KeyPair): Promise<Front & { readonly sessions: Set<ServerHttp2Session> }> {
  const sessions = new Set<ServerHttp2Session>()
  const server = createSecureServer(tls)
  server.on('session', (session) => {
    sessions.add(session)
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    session.on('error', () => {})
    session.on('close', () => {
      sessions.delete(session)
      agent.destroy()
    })
    session.on('stream', (stream, headers) => {
      const { ':method': method, ':path': path, ...rest } = headers
      const plain = Object.fromEntries(Object.entries(rest).filter(([name]) => !name.startsWith(':')))
      const on = request({ port: to, host: '127.0.0.1', method: method!, path: path!, headers: plain, agent }, (from) => {
        const { connection: _, 'transfer-encoding': __, 'keep-alive': ___, ...kept } = from.headers
        stream.respond({ ':status': from.statusCode!, ...kept })
        from.on('aborted', () => session.destroy())
        from.pipe(stream)
      })
      on.on('error', () => session.destroy())
      stream.on('error', () => {})
      stream.on('close', () => {
        if (!stream.writableFinished) on.destroy()
      })
      stream.pipe(on)
    })
  })
  return Object.assign(await listen(server), { sessions })
}

function join(a: Socket, b: Socket): void {
  a.setNoDelay(true)
  for (const [from, to] of [
    [a, b],
    [b, a],
  ] as const) {
    from.on('error', () => to.destroy())
    from.on('close', () => to.destroy())
    from.pipe(to)
  }
}

async function listen(server: Server, path?: string): Promise<Front> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
  })
  await new Promise<void>((resolve) => {
    if (path === undefined) server.listen(0, '127.0.0.1', resolve)
    else server.listen(path, resolve)
  })
  return {
    port: path === undefined ? (server.address() as AddressInfo).port : 0,
    close: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => {
        server.close(resolve)
      })
    },
  }
}
