import { request } from 'node:http'
import type { Socket } from 'node:net'
import { CONNECT_TIMEOUT_MS } from './connection.ts'
import { connectMessage, WireError } from './failure.ts'
import type { Proxy } from './route.ts'

/** Something under way that can be given up. */
export interface Abortable {
  destroy(): void
}

/**
 * Asks a proxy for a connection to another host (CONNECT).
 * @param authority host and port
 * @param done called once, with the error or the socket, on which nothing was sent beyond the proxy yet
 */
export function openTunnel(proxy: Proxy, authority: string, done: (error: Error | null, socket?: Socket) => void): Abortable {
  const headers = { host: authority, ...(proxy.authorization === undefined ? {} : { 'proxy-authorization': proxy.authorization }) }
  const asked = request({ method: 'CONNECT', host: proxy.host, port: proxy.port, path: authority, headers, agent: false })
  asked
    .setTimeout(CONNECT_TIMEOUT_MS, () => asked.destroy(Object.assign(new Error('no answer in time'), { code: 'ETIMEDOUT' })))
    .on('error', (error) => done(proxyFailure(proxy, error)))
    .on('connect', ({ statusCode = 0, statusMessage = '' }, socket: Socket) => {
      socket.setTimeout(0).setNoDelay(true)
      if (statusCode >= 200 && statusCode < 300) return done(null, socket)
      socket.destroy()
      done(new WireError('connect', refusal(proxy, authority, statusCode, statusMessage)))
    })
    .end()
  return asked
}

/** What went wrong before a proxy had taken the connection. */
export function proxyFailure(proxy: Proxy, error: Error): WireError {
  return new WireError('connect', `the proxy ${proxy.shown}: ${connectMessage(error)}`)
}

function refusal(proxy: Proxy, authority: string, status: number, reason: string): string {
  const answer = `HTTP ${status} ${reason}`.trimEnd()
  if (status !== 407) return `the proxy ${proxy.shown} opens no connection to ${authority} (${answer})`
  const wants = proxy.authorization === undefined ? 'wants a user and a password' : 'does not accept the user and password'
  return `the proxy ${proxy.shown} ${wants} (${answer}): give them in \`proxy\`, as in http://user:password@host:port`
}
