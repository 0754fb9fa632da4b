/** How a {@link ChannelPort} reads and reports. */
export interface ChannelPortInit<In> {
  /** Validates one incoming message; a throw closes the port. */
  parse: (value: unknown) => In
  onMessage: (message: In) => void
  /** The port was closed by the other side, or by us for what the other side sent. Called once, never after `close()`. */
  onClose?: (reason?: unknown) => void
}

/**
 * One end of the page-worker channel: a `MessagePort` that speaks one union of
 * messages in each direction. What does not validate closes it, since the two
 * ends are ours and a wrong message means that they no longer understand each
 * other.
 *
 * A port gives no sign when its page is gone (only newer Chromiums fire
 * `close`), so owners also watch for the page itself.
 */
export class ChannelPort<In, Out> {
  readonly #port: MessagePort
  readonly #init: ChannelPortInit<In>
  #open = true

  constructor(port: MessagePort, init: ChannelPortInit<In>) {
    this.#port = port
    this.#init = init
    port.addEventListener('message', this.#onMessage)
    port.addEventListener('messageerror', this.#onBroken)
    port.addEventListener('close', this.#onBroken)
    port.start()
  }

  /** Whether messages can still be sent. */
  get open(): boolean {
    return this.#open
  }

  /** Sends a message; does nothing once closed. `transfer` moves buffers instead of copying them. */
  send(message: Out, transfer: Transferable[] = []): void {
    if (this.#open) this.#port.postMessage(message, transfer)
  }

  /** Closes it; the other end hears of it where the platform has the event. */
  close(): void {
    if (!this.#open) return
    this.#open = false
    this.#port.removeEventListener('message', this.#onMessage)
    this.#port.removeEventListener('messageerror', this.#onBroken)
    this.#port.removeEventListener('close', this.#onBroken)
    this.#port.close()
  }

  readonly #onMessage = (event: MessageEvent<unknown>): void => {
    try {
      this.#init.onMessage(this.#init.parse(event.data))
    } catch (error) {
      this.#fail(error)
    }
  }

  readonly #onBroken = (): void => {
    this.#fail()
  }

  #fail(reason?: unknown): void {
    if (!this.#open) return
    this.close()
    this.#init.onClose?.(reason)
  }
}
