import type { ServerResponse } from 'node:http'
import type { JobHandle } from '../../engines/llama/batcher.ts'
import { AnswerFormat, DONE_FRAME } from '../openai/answer-format.ts'
import type { FinishReason } from '../openai/answer-format.ts'
import type { ApiError } from '../openai/api-error.ts'
import type { GenerationRequest } from '../openai/request-body.ts'
import type { GenerationListener, GenerationService } from './service.ts'

/**
 * Answers a generation request. Its sequences are freed when the client goes away, and rest while it does not read.
 * @throws {ApiError} where the request can't be served; nothing has been sent then
 */
export function answer(service: GenerationService, request: GenerationRequest, response: ServerResponse): void {
  const format = new AnswerFormat(request.endpoint, service.model)
  const jobs = request.stream ? stream(service, request, response, format) : whole(service, request, response, format)
  response.once('close', () => {
    if (!response.writableFinished) jobs.cancel()
  })
}

function stream(service: GenerationService, request: GenerationRequest, response: ServerResponse, format: AnswerFormat): JobHandle {
  const write = (text: string): void => {
    if (!response.write(text)) jobs.pause()
  }
  const listener: GenerationListener = {
    onText: (choice, text) => write(format.textFrame(choice, text)),
    onFinish: (choice, reason) => write(format.finishFrame(choice, reason)),
    onDone: (usage) => response.end((request.includeUsage ? format.usageFrame(usage) : '') + DONE_FRAME),
    onError: (error) => response.end(`data: ${JSON.stringify(error)}\n\n${DONE_FRAME}`),
  }
  const jobs = service.start(request, listener)
  response.on('drain', () => jobs.resume())
  response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache' })
  response.write(Array.from({ length: request.n }, (_, choice) => format.roleFrame(choice)).join(''))
  return jobs
}

function whole(service: GenerationService, request: GenerationRequest, response: ServerResponse, format: AnswerFormat): JobHandle {
  const choices = Array.from({ length: request.n }, (): { text: string; reason: FinishReason } => ({ text: '', reason: 'stop' }))
  return service.start(request, {
    onText: (choice, text) => {
      choices[choice]!.text += text
    },
    onFinish: (choice, reason) => {
      choices[choice]!.reason = reason
    },
    onDone: (usage) => sendJSON(response, 200, format.whole(choices, usage)),
    onError: (error) => sendError(response, error),
  })
}

/** Sends a JSON text. */
export function sendJSON(response: ServerResponse, status: number, json: string, headers: Record<string, string> = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(json), ...headers }).end(json)
}

/** Sends a refusal, where nothing has been sent yet. */
export function sendError(response: ServerResponse, error: ApiError, headers: Record<string, string> = {}): void {
  sendJSON(response, error.status, JSON.stringify(error), headers)
}
