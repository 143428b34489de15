import { resolve } from 'node:path'
import { createServer } from 'node:net'
import type { AddressInfo, Server } from 'node:net'
import type { SimulatorTargetSpec } from '../../dsl/simulator.ts'
import { LlmBenchError, messageOf } from '../../errors.ts'
import { startClock } from '../../metrics/clock.ts'
import { thisPackage } from '../../this-package.ts'
import type { ServedHere } from '../run-child.ts'
import type { StartOptions } from '../start-child.ts'
import { ApiError } from '../openai/api-error.ts'
import { Connection } from './connection.ts'
import { prometheusText } from './metrics.ts'
import type { HttpRequest } from './request-reader.ts'
import { Simulation } from './simulation.ts'
import { TruthLog } from './truth-log.ts'

const HOST = '127.0.0.1'
/** Clients in the thousands may connect at once. */
const BACKLOG = 4096

type Route = (request: HttpRequest, connection: Connection, receivedNs: number) => void

/**
 * Serves a simulated engine from this process, on the loopback address. Closing it cuts every connection and writes the truth log to its end.
 * @throws {LlmBenchError} `SERVER` where the port or the log can't be had
 */
export async function serveSimulator(spec: SimulatorTargetSpec, options: StartOptions): Promise<ServedHere> {
  const clock = startClock()
  const log = new TruthLog(spec.truthLog === undefined ? undefined : resolve(options.root, spec.truthLog))
  const simulation = new Simulation(spec, clock, log)
  const routes = routesOf(spec, simulation, log)
  const open = new Set<Connection>()
  const server = createServer({ noDelay: true }, (socket) => {
    const connection = new Connection(socket, clock, (request, to, receivedNs) => {
      try {
        route(routes, spec.apiKey, request)(request, to, receivedNs)
      } catch (error) {
        if (!(error instanceof ApiError)) throw error
        to.sendError(error)
      }
    })
    open.add(connection)
    socket.on('close', () => open.delete(connection))
  })
  const stop = (): void => {
    server.close()
    for (const connection of open) connection.reset()
  }
  try {
    await listen(server, options.port ?? 0)
  } catch (error) {
    log.close()
    throw new LlmBenchError('SERVER', `the simulator can't listen on port ${options.port ?? 0}: ${messageOf(error)}`, { cause: error })
  }
  const { port } = server.address() as AddressInfo
  const { refuse } = spec.faults
  let closed = false
  if (refuse !== undefined) {
    simulation.onFirstRequest = () => {
      simulation.times.after(refuse.from, stop)
      if (refuse.until !== undefined) simulation.times.after(refuse.until, () => void listen(server, port))
    }
  }
  return {
    report: { port, model: spec.model, version: `simulator ${thisPackage().version}` },
    close: async () => {
      if (closed) return
      closed = true
      simulation.close()
      stop()
      log.close()
    },
  }
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((done, reject) => {
    server.once('error', reject)
    server.listen({ host: HOST, port, backlog: BACKLOG }, () => {
      server.off('error', reject)
      done()
    })
  })
}

type Routes = Readonly<Record<string, Readonly<Record<string, Route>>>>

function json(value: () => object): Route {
  return (_, connection) => connection.send(200, JSON.stringify(value()))
}

function text(value: () => string, type = 'text/plain; charset=utf-8'): Route {
  return (_, connection) => connection.send(200, value(), type)
}

function routesOf(spec: SimulatorTargetSpec, simulation: Simulation, log: TruthLog): Routes {
  const created = Math.floor(Date.now() / 1000)
  const models = { object: 'list', data: [{ id: spec.model, object: 'model', created, owned_by: 'simulator' }] }
  const generate =
    (endpoint: 'chat' | 'completions'): Route =>
    (request, connection, receivedNs) =>
      simulation.generate(endpoint, request, connection, receivedNs)
  return {
    '/health': { GET: json(() => ({ status: 'ok' })) },
    '/version': { GET: json(() => ({ version: thisPackage().version })) },
    '/metrics': { GET: text(() => prometheusText(spec.model, simulation.counts), 'text/plain; version=0.0.4; charset=utf-8') },
    '/v1/models': { GET: json(() => models) },
    '/v1/chat/completions': { POST: generate('chat') },
    '/v1/completions': { POST: generate('completions') },
    '/simulator/truth': { GET: text(() => log.text()) },
    '/simulator/stats': { GET: json(() => simulation.stats) },
  }
}

/**
 * Finds what answers a request.
 * @throws {ApiError} where nothing does
 */
function route(routes: Routes, apiKey: string | undefined, { method, path, headers }: HttpRequest): Route {
  if (apiKey !== undefined && path !== '/health' && headers.get('authorization') !== `Bearer ${apiKey}`) {
    throw new ApiError(401, 'the API key is missing or wrong: send it as `Authorization: Bearer …`', { code: 'invalid_api_key' })
  }
  const methods = Object.hasOwn(routes, path) ? routes[path]! : undefined
  if (methods === undefined) throw new ApiError(404, `there is nothing at ${path}`, { code: 'not_found' })
  const found = Object.hasOwn(methods, method) ? methods[method]! : undefined
  if (found !== undefined) return found
  throw new ApiError(405, `${path} takes ${Object.keys(methods).join(', ')}, not ${method}`, { code: 'method_not_allowed' })
}
