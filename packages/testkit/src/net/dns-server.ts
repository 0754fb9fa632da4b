import { createSocket } from 'node:dgram'
import { once } from 'node:events'

/** A DNS server that knows TXT records, and of all else that it does not exist. */
export interface DnsServer {
  /** `127.0.0.1:5353` */
  readonly address: string
  /** Names that were asked for. */
  readonly questions: readonly string[]
  stop(): Promise<void>
}

/** RFC 1035, 4.1.1: a response, authoritative, to a query that wished for recursion. */
const RESPONSE_FLAGS = 0x8580
const NO_SUCH_NAME = 3
const HEADER_BYTES = 12
const TXT = 16
const INTERNET = 1
/** Points to the name of the question (RFC 1035, 4.1.4). */
const QUESTION_NAME = 0xc000 | HEADER_BYTES

/**
 * Starts one on loopback.
 *
 * @param records - text of each name's record, at most 255 bytes
 */
export async function startDnsServer(records: Readonly<Record<string, string>>): Promise<DnsServer> {
  const questions: string[] = []
  const socket = createSocket('udp4', (query, { port, address }) => {
    const { name, type, end } = readQuestion(query)
    questions.push(name)
    const text = type === TXT ? records[name] : undefined
    const header = Buffer.from(query.subarray(0, HEADER_BYTES))
    header.writeUInt16BE(RESPONSE_FLAGS | (text === undefined ? NO_SUCH_NAME : 0), 2)
    header.writeUInt16BE(text === undefined ? 0 : 1, 6)
    header.fill(0, 8)
    socket.send([header, query.subarray(HEADER_BYTES, end), text === undefined ? '' : answer(text)], port, address)
  })
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  return {
    address: `127.0.0.1:${socket.address().port}`,
    questions,
    async stop() {
      socket.close()
      await once(socket, 'close')
    },
  }
}

function readQuestion(query: Buffer): { name: string; type: number; end: number } {
  const labels: string[] = []
  let at = HEADER_BYTES
  for (let length = query.readUInt8(at); length > 0; length = query.readUInt8(at)) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length))
    at += 1 + length
  }
  return { name: labels.join('.').toLowerCase(), type: query.readUInt16BE(at + 1), end: at + 5 }
}

function answer(text: string): Buffer {
  const data = Buffer.from(text)
  const head = Buffer.alloc(13)
  head.writeUInt16BE(QUESTION_NAME, 0)
  head.writeUInt16BE(TXT, 2)
  head.writeUInt16BE(INTERNET, 4)
  head.writeUInt32BE(60, 6)
  head.writeUInt16BE(data.byteLength + 1, 10)
  head.writeUInt8(data.byteLength, 12)
  return Buffer.concat([head, data])
}
