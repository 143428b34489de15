import { createServer } from 'node:http'
import type { IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'

/** A request as the stand-in saw it. */
export interface SeenRequest {
  readonly method: string
  /** Path and query. */
  readonly path: string
  readonly headers: IncomingHttpHeaders
}

interface Fault {
  readonly status: number
  readonly headers?: Record<string, string>
  readonly message?: string
  /** Whether what was asked for is done all the same. */
  readonly done?: boolean
}

/** A stand-in for the API of a hosting service, with the comments of one pull request. */
export interface HostingStandIn {
  readonly url: string
  readonly comments: { id: number; body: string }[]
  readonly requests: SeenRequest[]
  /** What the next requests are answered with in place of what they ask for; undefined lets one through. */
  readonly faults: (Fault | undefined)[]
}

/** As GitHub refuses it; GitLab stands more. */
const LONGEST = 65_536
const LIST = /^\/(?:repos\/owner\/name\/issues\/12\/comments|projects\/group%2Fname\/merge_requests\/12\/notes)$/
const ONE = /^\/(?:repos\/owner\/name\/issues\/comments|projects\/group%2Fname\/merge_requests\/12\/notes)\/(\d+)$/

/** Serves on the loopback address for the length of the test. */
export async function serveHosting(bodies: readonly string[] = []): Promise<HostingStandIn> {
  const comments = bodies.map((body, i) => ({ id: i + 1, body }))
  const requests: SeenRequest[] = []
  const faults: HostingStandIn['faults'] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const { method = '', url = '', headers } = request
      requests.push({ method, path: url, headers })
      const fault = faults.shift()
      const done = fault === undefined || fault.done === true ? answer(method, url, Buffer.concat(chunks).toString()) : undefined
      const { status, body } = fault === undefined ? done! : { status: fault.status, body: { message: fault.message ?? 'not now' } }
      response.writeHead(status, { 'content-type': 'application/json', ...fault?.headers }).end(JSON.stringify(body))
    })
  })

  function answer(method: string, url: string, text: string): { status: number; body: unknown } {
    const { pathname, searchParams } = new URL(url, 'http://x')
    if (LIST.test(pathname) && method === 'GET') {
      const [size, page] = ['per_page', 'page'].map((name) => Number(searchParams.get(name))) as [number, number]
      return { status: 200, body: comments.slice((page - 1) * size, page * size) }
    }
    const { body } = (text === '' ? {} : JSON.parse(text)) as { body?: string }
    if (body === undefined || body.length > LONGEST) return { status: 422, body: { message: 'Validation Failed' } }
    if (LIST.test(pathname) && method === 'POST') {
      const comment = { id: comments.length + 1, body }
      comments.push(comment)
      return { status: 201, body: comment }
    }
    const comment = comments.find(({ id }) => id === Number(ONE.exec(pathname)?.[1]))
    if (comment === undefined || !['PATCH', 'PUT'].includes(method)) return { status: 404, body: { message: 'Not Found' } }
    comment.body = body
    return { status: 200, body: comment }
  }

  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, comments, requests, faults }
}
