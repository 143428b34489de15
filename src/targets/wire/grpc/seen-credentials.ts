import type { Socket } from 'node:net'
import { ChannelCredentials } from '@grpc/grpc-js'
import type { SocketWitness } from '../seen-socket.ts'
import { SeenSocket } from '../seen-socket.ts'

type Connector = ReturnType<ChannelCredentials['_createSecureConnector']>

/**
 * Credentials of a channel whose socket is seen as it reads and writes. The library asks its channel's credentials to make a
 * socket ready for HTTP/2, which is the one place where it takes a socket of somebody else's.
 */
export class SeenCredentials extends ChannelCredentials {
  readonly #inner: ChannelCredentials
  readonly #witness: () => SocketWitness

  /** @param witness is asked for one for each socket: a channel tries a host's addresses, and may have several for a moment */
  constructor(inner: ChannelCredentials, witness: () => SocketWitness) {
    super()
    this.#inner = inner
    this.#witness = witness
  }

  override _isSecure(): boolean {
    return this.#inner._isSecure()
  }

  override _equals(other: ChannelCredentials): boolean {
    return other === this
  }

  override _createSecureConnector(...asked: Parameters<ChannelCredentials['_createSecureConnector']>): Connector {
    const connector = this.#inner._createSecureConnector(...asked)
    return {
      connect: async (socket) => {
        const { socket: ready, secure } = await connector.connect(socket)
        return { socket: new SeenSocket(ready, this.#witness()) as unknown as Socket, secure }
      },
      waitForReady: () => connector.waitForReady(),
      getCallCredentials: () => connector.getCallCredentials(),
      destroy: () => connector.destroy(),
    }
  }
}
