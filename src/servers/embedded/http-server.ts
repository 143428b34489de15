import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { messageOf } from '../../errors.ts'
import { answer, sendError, sendJSON } from './answer.ts'
import { ApiError } from '../openai/api-error.ts'
import { prometheusText } from './metrics.ts'
import { parseGenerationRequest } from '../openai/request-body.ts'
import type { GenerationService } from './service.ts'

const MAX_BODY_BYTES = 32 * 1024 * 1024
/** Clients in the thousands may connect at once. */
const BACKLOG = 4096

/** A listening server. */
export interface HttpServer {
  readonly port: number
  /** Stops listening and cuts every connection. */
  close(): Promise<void>
}

type Route = (request: IncomingMessage, response: ServerResponse) => void | Promise<void>

/**
 * Serves the OpenAI API on the loopback address.
 * @param apiKey where given, everything but `/health` needs it as a bearer token
 * @param port 0: a free one
 */
export async function serve(service: GenerationService, apiKey: string | undefined, port = 0): Promise<HttpServer> {
  const routes = routesOf(service)
  const server = createServer((request, response) => {
    handle(routes, apiKey, request, response).catch((error: unknown) => {
      if (response.headersSent) return response.destroy()
      const refusal = error instanceof ApiError ? error : new ApiError(500, messageOf(error))
      return sendError(response, refusal, request.complete ? {} : { connection: 'close' })
    })
  })
  // Closing idle connections by itself would race with a client that is about to send on one.
  server.keepAliveTimeout = 0
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host: '127.0.0.1', port, backlog: BACKLOG }, resolve)
  })
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function routesOf(service: GenerationService): Readonly<Record<string, Readonly<Record<string, Route>>>> {
  const started = Math.floor(Date.now() / 1000)
  const model = { id: service.model, object: 'model', created: started, owned_by: 'llama.cpp', max_model_len: service.contextLength }
  const generate =
    (endpoint: 'chat' | 'completions'): Route =>
    async (request, response) => {
      const body = await readBody(request)
      // A client that has gone by now gets no sequence.
      if (!response.destroyed) answer(service, parseGenerationRequest(endpoint, body), response)
    }
  return {
    '/version': { GET: (_, response) => sendJSON(response, 200, JSON.stringify({ version: service.version })) },
    '/health': { GET: (_, response) => sendJSON(response, 200, '{"status":"ok"}') },
    '/metrics': {
      GET: (_, response) =>
        void response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' }).end(prometheusText(service.counts)),
    },
    '/v1/models': { GET: (_, response) => sendJSON(response, 200, JSON.stringify({ object: 'list', data: [model] })) },
    '/v1/chat/completions': { POST: generate('chat') },
    '/v1/completions': { POST: generate('completions') },
  }
}

async function handle(
  routes: ReturnType<typeof routesOf>,
  apiKey: string | undefined,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const { method = '', url = '' } = request
  const path = url.replace(/\?.*$/, '')
  if (apiKey !== undefined && path !== '/health' && request.headers.authorization !== `Bearer ${apiKey}`) {
    throw new ApiError(401, 'the API key is missing or wrong: send it as `Authorization: Bearer …`', { code: 'invalid_api_key' })
  }
  const methods = Object.hasOwn(routes, path) ? routes[path]! : undefined
  if (methods === undefined) throw new ApiError(404, `there is nothing at ${path}`, { code: 'not_found' })
  const route = Object.hasOwn(methods, method) ? methods[method]! : undefined
  if (route !== undefined) return await route(request, response)
  const allowed = Object.keys(methods).join(', ')
  const error = new ApiError(405, `${path} takes ${allowed}, not ${method}`, { code: 'method_not_allowed' })
  return sendError(response, error, { allow: allowed })
}

async function readBody(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = []
  let length = 0
  // The stream must outlive a refusal, or the client would see a reset in its place.
  for await (const part of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    length += part.length
    if (length > MAX_BODY_BYTES) throw new ApiError(413, `the body is longer than ${MAX_BODY_BYTES} bytes`)
    parts.push(part)
  }
  return Buffer.concat(parts).toString('utf8')
}
