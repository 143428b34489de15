import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'

export interface SocketWitness {
  /** Bytes were read and are about to be handed on. */
  onRead(): void
  /** So many bytes are about to be written. */
  onWrite(length: number): void
  /** The other side has closed it, or it failed; called once or more. */
  onClosed(error?: Error): void
}

/** A socket whose reads and writes are seen as they happen, for a protocol of Node's that would do both out of sight. */
export class SeenSocket extends Duplex {
  readonly #socket: Socket
  readonly #witness: SocketWitness

  constructor(socket: Socket, witness: SocketWitness) {
    super()
    this.#socket = socket
    this.#witness = witness
    socket
      .on('data', (bytes: Buffer) => {
        witness.onRead()
        this.push(bytes)
      })
      .on('end', () => {
        witness.onClosed()
        this.push(null)
      })
      .on('error', (error) => {
        witness.onClosed(error)
        this.destroy(error)
      })
      .on('close', () => this.destroy())
  }

  override _read(): void {
    // The socket flows by itself: what is read is used up at once.
  }

  override _write(bytes: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#witness.onWrite(bytes.length)
    this.#socket.write(bytes, done)
  }

  override _writev(parts: { chunk: Buffer }[], done: (error?: Error | null) => void): void {
    const bytes = Buffer.concat(parts.map(({ chunk }) => chunk))
    this.#witness.onWrite(bytes.length)
    this.#socket.write(bytes, done)
  }

  override _final(done: () => void): void {
    this.#socket.end(done)
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#socket.destroy()
    done(error)
  }
}
