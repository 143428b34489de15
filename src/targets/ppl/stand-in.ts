import { Server, ServerCredentials } from '@grpc/grpc-js'
import type { ServerWritableStream } from '@grpc/grpc-js'
import protobuf from 'protobufjs/minimal.js'
import { BYTES, GENERATION, PPL_STATUS, tag, VARINT } from './messages.ts'
import type { StandIn } from '../stand-in.ts'
import type { PplWire } from './messages.ts'

const WORDS = ['Hello', ' there', ',', ' you']

/**
 * Starts a server in this thread that answers every request with the same few tokens, a message for each.
 * @param wire which form of the messages it speaks
 */
export async function startStandIn(wire: PplWire): Promise<StandIn> {
  const server = new Server()
  server.addService(
    {
      Generation: {
        path: GENERATION,
        requestStream: false,
        responseStream: true,
        requestSerialize: (message: Buffer) => message,
        requestDeserialize: (message: Buffer) => message,
        responseSerialize: (message: Buffer) => message,
        responseDeserialize: (message: Buffer) => message,
      },
    },
    {
      Generation: (call: ServerWritableStream<Buffer, Buffer>) => {
        const id = idOf(call.request)
        writeEach(
          call,
          WORDS.map((_, i) => response(id, i, wire)),
        )
      },
    },
  )
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) => {
      if (error === null) resolve(bound)
      else reject(error)
    })
  })
  return { url: `grpc://127.0.0.1:${port}`, close: () => server.forceShutdown() }
}

/** Each in a turn of its own, as a server of tokens does it. */
function writeEach(call: ServerWritableStream<Buffer, Buffer>, messages: readonly Buffer[]): void {
  setImmediate(() => {
    if (call.cancelled) return
    const [message, ...further] = messages
    if (message === undefined) {
      call.end()
      return
    }
    call.write(message)
    writeEach(call, further)
  })
}

/** Of the one request of a `BatchedRequest`, whose id comes first. */
function idOf(message: Buffer): ReturnType<protobuf.Reader['uint64']> {
  const reader = protobuf.Reader.create(message)
  reader.uint32()
  reader.uint32()
  reader.uint32()
  return reader.uint64()
}

/** `BatchedResponse { rsp = 1 }` of one `Response`, as {@link decodeResponses} reads it; the older form has no detail. */
function response(id: ReturnType<typeof idOf>, i: number, wire: PplWire): Buffer {
  const isLast = i === WORDS.length - 1
  const writer = protobuf.Writer.create().uint32(tag(1, BYTES)).fork()
  writer.uint32(tag(1, VARINT)).uint32(isLast ? PPL_STATUS.finished : PPL_STATUS.processing)
  writer.uint32(tag(2, VARINT)).uint64(id)
  writer.uint32(tag(3, BYTES)).string(WORDS[i]!)
  writer
    .uint32(tag(4, BYTES))
    .fork()
    .uint32(tag(1, BYTES))
    .fork()
    .uint32(90 + i)
    .ldelim()
    .ldelim()
  if (wire === 'current') writer.uint32(tag(5, BYTES)).fork().uint32(tag(3, VARINT)).uint32(0).ldelim()
  return Buffer.from(writer.ldelim().finish())
}
