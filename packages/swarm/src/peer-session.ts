import { AbortError } from '@libp2p/interface'
import { BlackholeError, DeadlineError, LimitError, ValidationError } from '@blackhole/protocol'
import type { CdnMessage, Hello } from '@blackhole/protocol'
import type { Stream, StreamCloseEvent, StreamMessageEvent } from '@libp2p/interface'
import { Uint8ArrayList } from 'uint8arraylist'
import { FrameReader } from './frame-reader.ts'
import { encodeFrame } from './frame-writer.ts'
import type { FrameChannel } from './frame-channel.ts'
import type { FrameHandler } from './frame-reader.ts'

/** Version of the Hello; another one can't be talked to. */
export const CDN_VERSION = 1

/**
 * Bytes that may wait for a peer that doesn't read. The upload side stops at the
 * stream's own signal; this bounds the small messages that don't.
 */
export const MAX_UNSENT_BYTES = 4 * 1024 * 1024

/** Messages that may come between a peer's hello and the end of its token's verification. */
const MAX_EARLY_MESSAGES = 300

/**
 * Bytes of frames that may overtake a peer's hello: the hello comes as a message of the stream, which
 * libp2p hands on a little later than what is beneath it.
 */
const MAX_EARLY_BYTES = 1024 * 1024

/** Who hears of a session. */
export interface SessionHandler extends FrameHandler {
  /** The stream takes data again. */
  onDrain(): void
  /** What came breaks the protocol; the stream is aborted next. */
  onFault(error: Error): void
  /** The stream is over. Called once, also after {@link PeerSession.abort}. */
  onClose(error: Error | undefined): void
}

/** Terms of a greeting. */
export interface GreetOptions {
  /** Our hello; making it may take time, since it holds a token. */
  readonly hello: () => Promise<Omit<Hello, 'frameChannel'>>
  readonly timeoutMs: number
  readonly signal?: AbortSignal | undefined
  /** Throws when the other side's hello is not acceptable. */
  readonly verify: (hello: Hello) => Promise<void>
}

/**
 * One stream to one peer: frames in, frames out, the greeting before anything else. When the stream
 * has a {@link FrameChannel} and the other side's hello says that it has one too, what follows the
 * hellos goes there.
 */
export class PeerSession {
  readonly #stream: Stream
  readonly #channel: FrameChannel | undefined
  readonly #handler: SessionHandler
  readonly #reader: FrameReader
  readonly #hello = Promise.withResolvers<Hello>()
  readonly #listening = new AbortController()
  #early: CdnMessage[] = []
  #earlyFrames: Uint8Array[] = []
  #earlyBytes = 0
  /** Both sides read frames on the channel. */
  #useChannel = false
  #state: 'greeting' | 'verifying' | 'open' | 'closed' = 'greeting'

  constructor(stream: Stream, handler: SessionHandler, channel?: FrameChannel) {
    this.#stream = stream
    this.#handler = handler
    this.#channel = channel
    this.#reader = new FrameReader({
      onMessage: (message) => this.#onMessage(message),
      onPiece: (piece) => {
        if (this.#state !== 'open') throw new ValidationError('first message', 'a hello', 'piece')
        handler.onPiece(piece)
      },
      onPieceData: (data) => handler.onPieceData(data),
    })
    this.#hello.promise.catch(() => undefined)
    const { signal } = this.#listening
    stream.addEventListener('close', (event: StreamCloseEvent) => this.#end(event.error), { signal })
    // Half of this stream is of no use.
    stream.addEventListener('remoteCloseWrite', () => void this.close(), { signal })
    const onDrain = (): void => {
      if (this.#state === 'open') handler.onDrain()
    }
    stream.addEventListener('drain', onDrain, { signal })
    stream.addEventListener('message', (event: StreamMessageEvent) => this.#onData(event.data), { signal })
    channel?.listen({ onFrames: (bytes) => this.#onFrames(bytes), onDrain, onFault: (error) => this.abort(error) })
  }

  get isOpen(): boolean {
    return this.#state === 'open'
  }

  /** Whether the stream asks to wait for `onDrain` before more is sent. */
  get needsDrain(): boolean {
    return this.#inUse?.needsDrain ?? this.#stream.writableNeedsDrain
  }

  /** Bytes that may be sent before it asks to wait, where that is known. */
  get roomBytes(): number {
    return this.#inUse?.roomBytes ?? Infinity
  }

  /** The channel once both sides use it. What still waits to leave through the stream leaves first. */
  get #inUse(): FrameChannel | undefined {
    return this.#useChannel && this.#stream.writeBufferLength === 0 ? this.#channel : undefined
  }

  /**
   * Exchanges hellos; other messages are heard only after this resolved.
   *
   * @returns the other side's hello
   * @throws what `verify` throws, DeadlineError, AbortError; the stream is aborted then
   */
  async greet({ hello, timeoutMs, signal, verify }: GreetOptions): Promise<Hello> {
    const over = Promise.withResolvers<never>()
    over.promise.catch(() => undefined)
    const timer = setTimeout(() => over.reject(new DeadlineError('The greeting of a peer', timeoutMs)), timeoutMs)
    const onAbort = (): void => over.reject(new AbortError())
    signal?.addEventListener('abort', onAbort)
    try {
      signal?.throwIfAborted()
      const ours = await Promise.race([hello(), over.promise])
      this.send({ hello: { ...ours, frameChannel: this.#channel !== undefined } })
      const theirs = await Promise.race([this.#hello.promise, over.promise])
      await Promise.race([verify(theirs), over.promise])
      // Time may have run out, or the stream ended, while the token was verified.
      if (this.#state !== 'verifying')
        throw new BlackholeError('unavailable', 'The stream ended before the greeting did')
      signal?.throwIfAborted()
      this.#useChannel = theirs.frameChannel
      return theirs
    } catch (error) {
      this.abort(error instanceof Error ? error : new Error(String(error)))
      throw error
    } finally {
      clearTimeout(timer)
      signal?.removeEventListener('abort', onAbort)
    }
  }

  /** Lets the handler hear messages, beginning with those that came during the greeting. */
  open(): void {
    if (this.#state !== 'verifying') return
    this.#state = 'open'
    const early = this.#early
    this.#early = []
    try {
      for (const message of early) this.#handler.onMessage(message)
    } catch (error) {
      this.abort(error as Error)
    }
  }

  /** Sends a small message. Nothing happens when the stream is over. */
  send(message: Partial<CdnMessage>): void {
    this.sendFrames(new Uint8ArrayList(encodeFrame(message)))
  }

  /** @returns whether more may be sent at once; else `onDrain` tells when */
  sendFrames(frames: Uint8ArrayList): boolean {
    if (this.#state === 'closed') return false
    try {
      const channel = this.#inUse
      if (channel === undefined) this.#stream.send(frames)
      else channel.send(frames)
      const unsent = channel?.bufferedBytes ?? this.#stream.writeBufferLength
      if (unsent > MAX_UNSENT_BYTES) throw new LimitError('unsent bytes', MAX_UNSENT_BYTES, unsent)
      return !this.needsDrain
    } catch (error) {
      this.abort(error as Error)
      return false
    }
  }

  /** Ends the stream at once. */
  abort(error: Error): void {
    if (this.#state === 'closed') return
    this.#stream.abort(error)
    this.#end(error)
  }

  /** Ends the stream after what was sent has left. */
  async close(): Promise<void> {
    if (this.#state === 'closed') return
    this.#end(undefined)
    try {
      await this.#stream.close({ signal: AbortSignal.timeout(CLOSE_TIMEOUT_MS) })
    } catch (error) {
      this.#stream.abort(error as Error)
    }
  }

  #onData(data: Uint8Array | Uint8ArrayList): void {
    try {
      if (data instanceof Uint8Array) this.#reader.push(data)
      else for (const chunk of data) this.#reader.push(chunk)
      if (this.#state === 'greeting') return
      for (const bytes of this.#earlyFrames.splice(0)) this.#reader.push(bytes)
    } catch (error) {
      this.#handler.onFault(error as Error)
      this.abort(error as Error)
    }
  }

  #onFrames(bytes: Uint8Array): void {
    if (this.#state === 'closed') return
    if (this.#state !== 'greeting') {
      this.#onData(bytes)
      return
    }
    this.#earlyFrames.push(bytes)
    this.#earlyBytes += bytes.byteLength
    if (this.#earlyBytes > MAX_EARLY_BYTES)
      this.abort(new LimitError('bytes before a hello', MAX_EARLY_BYTES, this.#earlyBytes))
  }

  #onMessage(message: CdnMessage): void {
    if (this.#state === 'greeting') {
      if (message.hello === undefined) throw new ValidationError('first message', 'a hello')
      this.#state = 'verifying'
      this.#hello.resolve(message.hello)
    } else if (this.#state === 'verifying') {
      if (this.#early.push(message) > MAX_EARLY_MESSAGES)
        throw new LimitError('early messages', MAX_EARLY_MESSAGES, this.#early.length)
    } else if (this.#state === 'open') {
      this.#handler.onMessage(message)
    }
  }

  #end(error: Error | undefined): void {
    if (this.#state === 'closed') return
    this.#state = 'closed'
    this.#early = []
    this.#earlyFrames = []
    this.#listening.abort()
    this.#reader.stop()
    this.#hello.reject(error ?? new BlackholeError('unavailable', 'The stream ended before the greeting did'))
    this.#handler.onClose(error)
  }
}

/** A peer that doesn't take the end of a stream in this time is cut off. */
const CLOSE_TIMEOUT_MS = 1_000
