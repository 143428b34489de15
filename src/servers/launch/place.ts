import { connect } from 'node:net'
import { resolve } from 'node:path'
import type { ConnectionSpec } from '../../dsl/connection.ts'
import type { LiveTargetSpec } from '../../dsl/targets.ts'
import { hostOf } from '../../targets/wire/route.ts'

const TRY_TIMEOUT_MS = 5000

/** Where a server listens. */
export type Place = { readonly host: string; readonly port: number } | { readonly path: string }

/**
 * Where a URL is answered: the target's own on its Unix socket, where it has one.
 * @param root folder that the path of a socket resolves against
 */
export function placeOf(url: string, target: LiveTargetSpec, root: string): Place {
  const { socketPath } = connectionTo(url, target)
  const place = new URL(url)
  return socketPath === undefined ? { host: hostOf(place), port: portOf(place) } : { path: resolve(root, socketPath) }
}

/** Where a port is open: that of one of the target's URLs as the target reaches it, any other on the loopback address. */
export function placeOfPort(port: number, target: LiveTargetSpec, root: string): Place {
  const own = target.baseURLs.find((baseURL) => portOf(new URL(baseURL)) === port)
  return own === undefined ? { host: '127.0.0.1', port } : placeOf(own, target, root)
}

/** How connections to a URL are made: the target's own as the target makes them, other ports of its server with the same TLS. */
export function connectionTo(url: string, target: LiveTargetSpec): ConnectionSpec {
  const { host, hostname } = new URL(url)
  const own = target.baseURLs.map((baseURL) => new URL(baseURL)).filter((other) => other.hostname === hostname)
  if (own.some((other) => other.host === host)) return target
  return own.length === 0 ? {} : { ...target, socketPath: undefined, http2: undefined }
}

/** For people. */
export function showPlace(place: Place): string {
  if ('path' in place) return place.path
  return `${place.host.includes(':') ? `[${place.host}]` : place.host}:${place.port}`
}

/** Undefined where somebody listens, else why not. */
export function isOpen(place: Place): Promise<string | undefined> {
  return new Promise((settled) => {
    const socket = connect({ ...place, timeout: TRY_TIMEOUT_MS })
    const settle = (obstacle?: string): void => {
      socket.destroy()
      settled(obstacle)
    }
    socket.once('connect', () => settle())
    socket.once('timeout', () => settle('in vain: it does not answer'))
    socket.once('error', (error: NodeJS.ErrnoException) => settle(`in vain: ${error.code ?? error.message}`))
  })
}

function portOf({ port, protocol }: URL): number {
  return port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port)
}
