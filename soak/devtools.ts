/** A call waits so long: a collection of garbage on a loaded machine takes a second. */
const CALL_TIMEOUT_MS = 30_000

interface Answer {
  readonly id?: number
  readonly result?: unknown
  readonly error?: { readonly message: string }
}

/** A debugger's connection to a page, a worker or a Node process: the DevTools protocol over a WebSocket. */
export class DevTools {
  readonly #socket: WebSocket
  readonly #calls = new Map<number, PromiseWithResolvers<unknown>>()
  #id = 0

  private constructor(socket: WebSocket) {
    this.#socket = socket
    socket.addEventListener('message', ({ data }) => {
      const { id, result, error } = JSON.parse(String(data)) as Answer
      const call = id === undefined ? undefined : this.#calls.get(id)
      if (id === undefined || call === undefined) return
      this.#calls.delete(id)
      if (error === undefined) call.resolve(result)
      else call.reject(new Error(error.message))
    })
    socket.addEventListener('close', () => {
      for (const { reject } of this.#calls.values()) reject(new Error('The debugger was disconnected'))
      this.#calls.clear()
    })
  }

  /** @throws when nobody listens there */
  static async connect(url: string): Promise<DevTools> {
    const socket = new WebSocket(url)
    const { promise, resolve, reject } = Promise.withResolvers<undefined>()
    socket.addEventListener('open', () => {
      resolve(undefined)
    })
    socket.addEventListener('error', () => {
      reject(new Error(`No debugger at ${url}`))
    })
    await promise
    return new DevTools(socket)
  }

  /** @throws what the other side says, or when it says nothing for half a minute */
  async send<T>(method: string, params: Readonly<Record<string, unknown>> = {}): Promise<T> {
    if (this.#socket.readyState !== WebSocket.OPEN) throw new Error(`${method}: the debugger is disconnected`)
    const id = ++this.#id
    const call = Promise.withResolvers<unknown>()
    this.#calls.set(id, call)
    const timer = setTimeout(() => {
      this.#calls.delete(id)
      call.reject(new Error(`${method}: no answer`))
    }, CALL_TIMEOUT_MS)
    try {
      this.#socket.send(JSON.stringify({ id, method, params }))
      return (await call.promise) as T
    } finally {
      clearTimeout(timer)
    }
  }

  /** Bytes of the JavaScript heap that something still refers to. */
  async liveHeapBytes(): Promise<number> {
    await this.send('HeapProfiler.collectGarbage')
    return (await this.send<{ usedSize: number }>('Runtime.getHeapUsage')).usedSize
  }

  close(): void {
    this.#socket.close()
  }
}
