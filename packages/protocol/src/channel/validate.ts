import { LimitError, ValidationError } from '../errors.ts'
import { MAX_AHEAD_PIECES, MAX_BLOCK_BYTES, MAX_CHANNEL_CIDS, MAX_LOADED_URLS, MAX_RECORD_BYTES } from '../limits.ts'
import type {
  ComingPiece,
  HolderPace,
  PageToWorker,
  ReceivedBytes,
  Source,
  WindowToWorker,
  WorkerToPage,
} from './messages.ts'

/**
 * Validators of the page-worker channel. A port connects two scripts of one
 * origin that may be of different versions, and any script of the page can
 * post to the worker, so nothing is believed before it was checked.
 */

/** Longest text of a channel message that is not a URL. */
const MAX_TEXT = 200
/** Longest URL that is looked at. */
const MAX_URL = 4096

/**
 * Reads what a page posted to the worker itself.
 *
 * @returns undefined when it isn't one of ours: the page's own scripts post to the worker too
 */
export function parseWindowMessage(value: unknown): WindowToWorker | undefined {
  if (!isRecord(value)) return undefined
  const { type, version, site, optedOut } = value
  if (type === 'blackhole:alive') return { type }
  if (type === 'blackhole:opt-out' && typeof optedOut === 'boolean') return { type, optedOut }
  if (type === 'blackhole:connect' && isCount(version) && typeof site === 'string' && site.length <= MAX_TEXT) {
    return { type, version, site }
  }
  return undefined
}

/**
 * Reads a message of the page. The bytes of a chunk are passed on as they came.
 *
 * @throws {ValidationError} or {@link LimitError} naming the field
 */
export function parsePageMessage(value: unknown): PageToWorker {
  const message = asRecord(value)
  const { type } = message
  switch (type) {
    case 'hello':
      return {
        type,
        version: count(message, 'version'),
        role: role(message),
        peers: count(message, 'peers'),
        ...(message['ahead'] === true ? { ahead: true } : {}),
        ...(message['later'] === true ? { later: true } : {}),
      }
    case 'state':
      return { type, role: role(message), peers: count(message, 'peers') }
    case 'head': {
      const id = count(message, 'id')
      const available = list(message, 'available', MAX_CHANNEL_CIDS, isBoolean)
      const paces = optional(message, 'paces', (name) => list(message, name, MAX_CHANNEL_CIDS, isPace))
      const coming = optional(message, 'coming', (name) => list(message, name, MAX_CHANNEL_CIDS, isBoolean))
      const here = optional(message, 'here', (name) => list(message, name, MAX_CHANNEL_CIDS, isBoolean))
      return { type, id, available, ...paces, ...coming, ...here }
    }
    case 'chunk':
      return {
        type,
        id: count(message, 'id'),
        cid: text(message, 'cid', MAX_TEXT),
        source: source(message),
        data: buffer(message, 'data', MAX_BLOCK_BYTES),
      }
    case 'end':
      return { type, id: count(message, 'id') }
    case 'error':
      // The error itself is read by errorFromWire, which believes nothing either.
      return { type, id: count(message, 'id'), error: asRecord(message['error'], 'error') as never }
    case 'record':
      return { type, record: buffer(message, 'record', MAX_RECORD_BYTES) }
    case 'loaded': {
      const urls = list(message, 'urls', MAX_LOADED_URLS, (url) => isText(url, MAX_URL))
      const agesMs = optional(message, 'agesMs', (name) => list(message, name, MAX_LOADED_URLS, isAmount))
      return { type, urls, ...agesMs, ...optional(message, 'root', (name) => text(message, name, MAX_TEXT)) }
    }
    default:
      throw new ValidationError('channel message.type', 'a message of the page', type)
  }
}

/**
 * Reads a message of the worker.
 *
 * @throws {ValidationError} or {@link LimitError} naming the field
 */
export function parseWorkerMessage(value: unknown): WorkerToPage {
  const message = asRecord(value)
  const { type } = message
  switch (type) {
    case 'hello':
      return { type, version: count(message, 'version') }
    case 'request':
      return {
        type,
        id: count(message, 'id'),
        cids: cids(message),
        deadlineMs: count(message, 'deadlineMs'),
        credit: count(message, 'credit'),
        ...optional(message, 'patient', (name) => flag(message, name)),
      }
    case 'credit':
      return { type, id: count(message, 'id'), bytes: count(message, 'bytes') }
    case 'cancel': {
      const id = count(message, 'id')
      return message['cids'] === undefined ? { type, id } : { type, id, cids: cids(message) }
    }
    case 'stored':
      return { type, cids: cids(message) }
    case 'ahead':
      return {
        type,
        stream: text(message, 'stream', MAX_TEXT),
        pieces: list(message, 'pieces', MAX_AHEAD_PIECES, isComing),
      }
    case 'later':
      return {
        type,
        id: count(message, 'id'),
        cids: list(message, 'cids', MAX_AHEAD_PIECES, (cid) => isText(cid, MAX_TEXT)),
      }
    case 'fetching':
      return { type, cids: cids(message), over: flag(message, 'over') }
    case 'counters':
      return { type, received: received(message) }
    case 'busy':
      return { type, busy: flag(message, 'busy') }
    default:
      throw new ValidationError('channel message.type', 'a message of the worker', type)
  }
}

type Fields = Record<string, unknown>

function field(name: string): string {
  return `channel message.${name}`
}

function isRecord(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function asRecord(value: unknown, name?: string): Fields {
  if (!isRecord(value))
    throw new ValidationError(name === undefined ? 'channel message' : field(name), 'an object', value)
  return value
}

function isBoolean(value: unknown): value is boolean {
  return typeof value === 'boolean'
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}

function isAmount(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0
}

function isPace(value: unknown): value is HolderPace {
  return (
    isRecord(value) &&
    [value['rttMs'], value['bytesPerSecond'], value['queuedBytes']].every(isAmount) &&
    isMark(value['overHttp'])
  )
}

/** A mark is there or left out. */
function isMark(value: unknown): boolean {
  return value === undefined || value === true
}

function isComing(value: unknown): value is ComingPiece {
  return isRecord(value) && isText(value['cid'], MAX_TEXT) && isAmount(value['inMs']) && isMark(value['asked'])
}

function isText(value: unknown, max: number): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= max
}

function count(message: Fields, name: string): number {
  const value = message[name]
  if (!isCount(value)) throw new ValidationError(field(name), 'a whole number', value)
  return value
}

function flag(message: Fields, name: string): boolean {
  const value = message[name]
  if (!isBoolean(value)) throw new ValidationError(field(name), 'true or false', value)
  return value
}

/** A field that may be left out. */
function optional<N extends string, T>(message: Fields, name: N, read: (name: N) => T): Partial<Record<N, T>> {
  return message[name] === undefined ? {} : ({ [name]: read(name) } as Record<N, T>)
}

function text(message: Fields, name: string, max: number): string {
  const value = message[name]
  if (!isText(value, max)) throw new ValidationError(field(name), `a text of 1 to ${String(max)} characters`, value)
  return value
}

function list<T>(message: Fields, name: string, max: number, isItem: (item: unknown) => item is T): T[] {
  const value = message[name]
  if (!Array.isArray(value)) throw new ValidationError(field(name), 'a list', value)
  if (value.length > max) throw new LimitError(field(name), max, value.length)
  const bad: unknown = value.find((item: unknown) => !isItem(item))
  if (bad !== undefined || value.includes(undefined)) throw new ValidationError(field(name), 'a list of one kind', bad)
  return value as T[]
}

function cids(message: Fields): string[] {
  return list(message, 'cids', MAX_CHANNEL_CIDS, (cid) => isText(cid, MAX_TEXT))
}

function buffer(message: Fields, name: string, max: number): ArrayBuffer {
  const value = message[name]
  if (!(value instanceof ArrayBuffer)) throw new ValidationError(field(name), 'an ArrayBuffer', typeof value)
  if (value.byteLength > max) throw new LimitError(`${field(name)} bytes`, max, value.byteLength)
  return value
}

function role(message: Fields): 'host' | 'guest' {
  const value = message['role']
  if (value !== 'host' && value !== 'guest') throw new ValidationError(field('role'), 'host or guest', value)
  return value
}

function source(message: Fields): Source {
  const value = message['source']
  if (value !== 'local' && value !== 'peers' && value !== 'http') {
    throw new ValidationError(field('source'), 'local, peers or http', value)
  }
  return value
}

function received(message: Fields): ReceivedBytes {
  const value = asRecord(message['received'], 'received')
  return { local: count(value, 'local'), peers: count(value, 'peers'), http: count(value, 'http') }
}
