// The messages of ppl.llm.serving's LLMService as bytes. Numbers in the comments are the fields' numbers in its .proto.
import protobuf from 'protobufjs/minimal.js'
import type { Reader, Writer } from 'protobufjs/minimal.js'

/** The one method of the service. */
export const GENERATION = '/ppl.llm.proto.LLMService/Generation'

/** Which form of the messages a server speaks; the older one can't be read as the other. */
export type PplWire = 'current' | 'legacy'

/** One prompt of a `BatchedRequest`. */
export interface PplRequest {
  /** Below 2^53. */
  readonly id: number
  readonly prompt: string
  readonly choosing: PplChoosing
  readonly maxNewTokens: number
  readonly ignoreEosToken: boolean
}

/** `NextTokenChooserParameters`: what is zero or false is not sent, which is the same in proto3. */
export interface PplChoosing {
  readonly temperature: number
  readonly topK: number
  readonly topP: number
  readonly doSample: boolean
  readonly seed: number
  readonly repetitionPenalty: number
}

export const PPL_STATUS = { processing: 0, finished: 1, failed: 2 } as const

/** One `Response` of a `BatchedResponse`. */
export interface PplResponse {
  id: number
  /** One of {@link PPL_STATUS}. */
  status: number
  /** '' where there is none, or it was not to be kept. */
  text: string
  hasText: boolean
  /** Ids that it brought. */
  tokens: number
  /** 0 length, 1 end-of-sequence token, 2 stop sequence; absent where the response has no detail. */
  finishReason: number | undefined
}

/** Wire types of fields. */
export const VARINT = 0
export const BYTES = 2
const FIXED32 = 5

export function tag(field: number, type: number): number {
  return (field << 3) | type
}

/** A `BatchedRequest`. */
export function encodeRequests(requests: readonly PplRequest[], wire: PplWire): Buffer {
  const writer = protobuf.Writer.create()
  for (const request of requests) {
    writer.uint32(tag(1, BYTES)).fork()
    if (wire === 'current') writeCurrent(writer, request)
    else writeLegacy(writer, request)
    writer.ldelim()
  }
  return Buffer.from(writer.finish())
}

/** `Request { id = 1; prompt = 2; tokens = 3; choosing_parameters = 4; stopping_parameters = 5 }` */
function writeCurrent(writer: Writer, request: PplRequest): void {
  writer.uint32(tag(1, VARINT)).uint64(request.id).uint32(tag(2, BYTES)).string(request.prompt)
  writer.uint32(tag(4, BYTES)).fork()
  writeChoosing(writer, request.choosing)
  writer.ldelim()
  writeStopping(writer, request)
}

/** `Request { id = 1; temperature = 2; prompt = 3; tokens = 4; stopping_parameters = 5 }` */
function writeLegacy(writer: Writer, request: PplRequest): void {
  writer.uint32(tag(1, VARINT)).uint64(request.id)
  writeFloat(writer, 2, request.choosing.temperature)
  writer.uint32(tag(3, BYTES)).string(request.prompt)
  writeStopping(writer, request)
}

function writeChoosing(writer: Writer, choosing: PplChoosing): void {
  writeFloat(writer, 1, choosing.temperature)
  if (choosing.topK > 0) writer.uint32(tag(2, VARINT)).uint32(choosing.topK)
  writeFloat(writer, 3, choosing.topP)
  if (choosing.doSample) writer.uint32(tag(5, VARINT)).bool(true)
  if (choosing.seed > 0) writer.uint32(tag(6, VARINT)).uint64(choosing.seed)
  writeFloat(writer, 7, choosing.repetitionPenalty)
}

/** `StoppingCriteriaParameters { max_new_tokens = 1; stop_tokens = 2; ignore_eos_token = 3 }` */
function writeStopping(writer: Writer, { maxNewTokens, ignoreEosToken }: PplRequest): void {
  writer.uint32(tag(5, BYTES)).fork().uint32(tag(1, VARINT)).uint32(maxNewTokens)
  if (ignoreEosToken) writer.uint32(tag(3, VARINT)).bool(true)
  writer.ldelim()
}

function writeFloat(writer: Writer, field: number, value: number): void {
  if (value !== 0) writer.uint32(tag(field, FIXED32)).float(value)
}

/**
 * Reads a `BatchedResponse`, whose responses are alike in both forms but for the detail.
 * @param keepText whether texts are decoded
 * @param take is called with each response; the object is valid during the call only
 * @throws {RangeError} where the bytes are no such message
 */
export function decodeResponses(message: Buffer, keepText: boolean, take: (response: PplResponse) => void): void {
  const reader = protobuf.Reader.create(message)
  const response: PplResponse = { id: 0, status: 0, text: '', hasText: false, tokens: 0, finishReason: undefined }
  while (reader.pos < reader.len) {
    const key = reader.uint32()
    if (key !== tag(1, BYTES)) {
      skip(reader, key)
      continue
    }
    Object.assign(response, { id: 0, status: 0, text: '', hasText: false, tokens: 0, finishReason: undefined })
    readResponse(reader, keepText, response)
    take(response)
  }
}

/** `Response { status = 1; id = 2; generated = 3; tokens = 4; detail = 5 }` */
function readResponse(reader: Reader, keepText: boolean, response: PplResponse): void {
  readFields(reader, (key) => {
    if (key === tag(1, VARINT)) response.status = reader.uint32()
    else if (key === tag(2, VARINT)) response.id = toNumber(reader.uint64())
    else if (key === tag(3, BYTES)) readText(reader, keepText, response)
    else if (key === tag(4, BYTES)) response.tokens += countTokens(reader)
    else if (key === tag(5, BYTES)) response.finishReason = readFinishReason(reader)
    else skip(reader, key)
  })
}

function readText(reader: Reader, keepText: boolean, response: PplResponse): void {
  // The text of a failure is its message; the status comes before it.
  if (keepText || response.status === PPL_STATUS.failed) {
    response.text = reader.string()
    response.hasText = response.text !== ''
    return
  }
  const length = reader.uint32()
  reader.skip(length)
  response.hasText = length > 0
}

/** `Tokens { ids = 1 }`, packed or not. */
function countTokens(reader: Reader): number {
  let count = 0
  readFields(reader, (key) => {
    if (key === tag(1, VARINT)) {
      reader.uint32()
      count++
    } else if (key === tag(1, BYTES)) {
      const end = endOf(reader)
      for (; reader.pos < end; count++) reader.uint32()
    } else skip(reader, key)
  })
  return count
}

/** `Detail { logprobs = 1; is_special = 2; finish_reason = 3 }` */
function readFinishReason(reader: Reader): number {
  let reason = 0
  readFields(reader, (key) => {
    if (key === tag(3, VARINT)) reason = reader.uint32()
    else skip(reader, key)
  })
  return reason
}

/** Reads a message within a message, field by field. */
function readFields(reader: Reader, field: (key: number) => void): void {
  const end = endOf(reader)
  while (reader.pos < end) field(reader.uint32())
  if (reader.pos !== end) throw new RangeError('a field reaches beyond its message')
}

function endOf(reader: Reader): number {
  const length = reader.uint32()
  return reader.pos + length
}

function skip(reader: Reader, key: number): void {
  reader.skipType(key & 7)
}

function toNumber({ high, low }: ReturnType<Reader['uint64']>): number {
  return (high >>> 0) * 2 ** 32 + (low >>> 0)
}
