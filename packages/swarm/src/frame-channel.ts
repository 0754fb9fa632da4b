import type { Uint8ArrayList } from 'uint8arraylist'

/** Who hears of a {@link FrameChannel}. */
export interface FrameChannelHandler {
  /** The next bytes of frames, in the order in which they were sent. They may be kept. */
  onFrames(bytes: Uint8Array): void
  /** The channel takes data again. */
  onDrain(): void
  /** The peer sent what is no message of any kind: the stream is to end. */
  onFault(error: Error): void
}

/**
 * A way for frames to a peer beside the stream's own messages and in order with
 * them, for transports whose streams cost more than what they run over: see
 * "Frames on the data channel" in `docs/wire.md`. Used once both hellos say so.
 */
export interface FrameChannel {
  /** Bytes that were sent and have not left yet. */
  readonly bufferedBytes: number
  /** Whether it asks to wait for `onDrain` before more is sent. */
  readonly needsDrain: boolean
  /** Bytes that it takes before it asks to wait; 0 while it does. */
  readonly roomBytes: number
  /** Hears frames from now on; to be called before our hello invites them. */
  listen(handler: FrameChannelHandler): void
  /**
   * Sends whole frames. The bytes are copied before this returns.
   *
   * @throws when the channel is closed
   */
  send(frames: Uint8ArrayList): void
}
