import { decodeMessage, encodeMessage, enumeration, MaxLengthError, message, streamMessage } from 'protons-runtime'
import { alloc as uint8ArrayAlloc } from 'uint8arrays/alloc'
import type { Codec, DecodeOptions } from 'protons-runtime'
import type { Uint8ArrayList } from 'uint8arraylist'
import { skipField } from '../skip-field.ts'

export interface Announce {
  site: string
  token: string
  event: AnnounceEvent
  root: Uint8Array<ArrayBuffer>
  have: number
  total: number
  want: number
  keep: boolean
}

export namespace Announce {
  let _codec: Codec<Announce>

  export const codec = (): Codec<Announce> => {
    if (_codec == null) {
      _codec = message<Announce>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.site != null && obj.site !== '')) {
          w.uint32(10)
          w.string(obj.site)
        }

        if ((obj.token != null && obj.token !== '')) {
          w.uint32(18)
          w.string(obj.token)
        }

        if (obj.event != null && __AnnounceEventValues[obj.event] !== 0) {
          w.uint32(24)
          AnnounceEvent.codec().encode(obj.event, w)
        }

        if ((obj.root != null && obj.root.byteLength > 0)) {
          w.uint32(34)
          w.bytes(obj.root)
        }

        if ((obj.have != null && obj.have !== 0)) {
          w.uint32(40)
          w.uint32(obj.have)
        }

        if ((obj.total != null && obj.total !== 0)) {
          w.uint32(48)
          w.uint32(obj.total)
        }

        if ((obj.want != null && obj.want !== 0)) {
          w.uint32(56)
          w.uint32(obj.want)
        }

        if ((obj.keep != null && obj.keep !== false)) {
          w.uint32(64)
          w.bool(obj.keep)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          site: '',
          token: '',
          event: AnnounceEvent.ANNOUNCE_UPDATE,
          root: uint8ArrayAlloc(0),
          have: 0,
          total: 0,
          want: 0,
          keep: false
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.site = reader.string()
              break
            }
            case 2: {
              obj.token = reader.string()
              break
            }
            case 3: {
              obj.event = AnnounceEvent.codec().decode(reader)
              break
            }
            case 4: {
              obj.root = reader.bytes()
              break
            }
            case 5: {
              obj.have = reader.uint32()
              break
            }
            case 6: {
              obj.total = reader.uint32()
              break
            }
            case 7: {
              obj.want = reader.uint32()
              break
            }
            case 8: {
              obj.keep = reader.bool()
              break
            }
            default: {
              skipField(reader, tag)
              break
            }
          }
        }

        return obj
      }, function * (reader, length, prefix, opts = {}) {
        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              yield {
                field: `${prefix}.site`,
                value: reader.string()
              }
              break
            }
            case 2: {
              yield {
                field: `${prefix}.token`,
                value: reader.string()
              }
              break
            }
            case 3: {
              yield {
                field: `${prefix}.event`,
                value: AnnounceEvent.codec().decode(reader)
              }
              break
            }
            case 4: {
              yield {
                field: `${prefix}.root`,
                value: reader.bytes()
              }
              break
            }
            case 5: {
              yield {
                field: `${prefix}.have`,
                value: reader.uint32()
              }
              break
            }
            case 6: {
              yield {
                field: `${prefix}.total`,
                value: reader.uint32()
              }
              break
            }
            case 7: {
              yield {
                field: `${prefix}.want`,
                value: reader.uint32()
              }
              break
            }
            case 8: {
              yield {
                field: `${prefix}.keep`,
                value: reader.bool()
              }
              break
            }
            default: {
              skipField(reader, tag)
              break
            }
          }
        }
      })
    }

    return _codec
  }

  export interface AnnounceSiteFieldEvent {
    field: '$.site'
    value: string
  }

  export interface AnnounceTokenFieldEvent {
    field: '$.token'
    value: string
  }

  export interface AnnounceEventFieldEvent {
    field: '$.event'
    value: AnnounceEvent
  }

  export interface AnnounceRootFieldEvent {
    field: '$.root'
    value: Uint8Array<ArrayBuffer>
  }

  export interface AnnounceHaveFieldEvent {
    field: '$.have'
    value: number
  }

  export interface AnnounceTotalFieldEvent {
    field: '$.total'
    value: number
  }

  export interface AnnounceWantFieldEvent {
    field: '$.want'
    value: number
  }

  export interface AnnounceKeepFieldEvent {
    field: '$.keep'
    value: boolean
  }

  export function encode (obj: Partial<Announce>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, Announce.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Announce>): Announce {
    return decodeMessage(buf, Announce.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Announce>): Generator<AnnounceSiteFieldEvent | AnnounceTokenFieldEvent | AnnounceEventFieldEvent | AnnounceRootFieldEvent | AnnounceHaveFieldEvent | AnnounceTotalFieldEvent | AnnounceWantFieldEvent | AnnounceKeepFieldEvent> {
    return streamMessage(buf, Announce.codec(), opts)
  }
}

export enum AnnounceEvent {
  ANNOUNCE_UPDATE = 'ANNOUNCE_UPDATE',
  ANNOUNCE_STARTED = 'ANNOUNCE_STARTED',
  ANNOUNCE_STOPPED = 'ANNOUNCE_STOPPED'
}

enum __AnnounceEventValues {
  ANNOUNCE_UPDATE = 0,
  ANNOUNCE_STARTED = 1,
  ANNOUNCE_STOPPED = 2
}

export namespace AnnounceEvent {
  export const codec = (): Codec<AnnounceEvent> => {
    return enumeration<AnnounceEvent>(__AnnounceEventValues)
  }
}

export interface AnnounceReply {
  intervalMs: number
  peers: TrackerPeer[]
  swarmPeers: number
  swarmHolders: number
  error: string
  kept: boolean
}

export namespace AnnounceReply {
  let _codec: Codec<AnnounceReply>

  export const codec = (): Codec<AnnounceReply> => {
    if (_codec == null) {
      _codec = message<AnnounceReply>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.intervalMs != null && obj.intervalMs !== 0)) {
          w.uint32(8)
          w.uint32(obj.intervalMs)
        }

        if (obj.peers != null && obj.peers.length > 0) {
          for (const value of obj.peers) {
            w.uint32(18)
            TrackerPeer.codec().encode(value, w)
          }
        }

        if ((obj.swarmPeers != null && obj.swarmPeers !== 0)) {
          w.uint32(24)
          w.uint32(obj.swarmPeers)
        }

        if ((obj.swarmHolders != null && obj.swarmHolders !== 0)) {
          w.uint32(32)
          w.uint32(obj.swarmHolders)
        }

        if ((obj.error != null && obj.error !== '')) {
          w.uint32(42)
          w.string(obj.error)
        }

        if ((obj.kept != null && obj.kept !== false)) {
          w.uint32(48)
          w.bool(obj.kept)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          intervalMs: 0,
          peers: [],
          swarmPeers: 0,
          swarmHolders: 0,
          error: '',
          kept: false
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.intervalMs = reader.uint32()
              break
            }
            case 2: {
              if (opts.limits?.peers != null && obj.peers.length === opts.limits.peers) {
                throw new MaxLengthError('Decode error - repeated field "peers" had too many elements')
              }

              obj.peers.push(TrackerPeer.codec().decode(reader, reader.uint32(), {
                limits: opts.limits?.peers$
              }))
              break
            }
            case 3: {
              obj.swarmPeers = reader.uint32()
              break
            }
            case 4: {
              obj.swarmHolders = reader.uint32()
              break
            }
            case 5: {
              obj.error = reader.string()
              break
            }
            case 6: {
              obj.kept = reader.bool()
              break
            }
            default: {
              skipField(reader, tag)
              break
            }
          }
        }

        return obj
      }, function * (reader, length, prefix, opts = {}) {
        const obj = {
          peers: 0
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              yield {
                field: `${prefix}.intervalMs`,
                value: reader.uint32()
              }
              break
            }
            case 2: {
              if (opts.limits?.peers != null && obj.peers === opts.limits.peers) {
                throw new MaxLengthError('Streaming decode error - repeated field "peers" had too many elements')
              }

              for (const evt of TrackerPeer.codec().stream(reader, reader.uint32(), `${prefix}.peers[]`, {
                limits: opts.limits?.peers$
              })) {
                yield {
                  ...evt,
                  index: obj.peers
                }
              }

              obj.peers++

              break
            }
            case 3: {
              yield {
                field: `${prefix}.swarmPeers`,
                value: reader.uint32()
              }
              break
            }
            case 4: {
              yield {
                field: `${prefix}.swarmHolders`,
                value: reader.uint32()
              }
              break
            }
            case 5: {
              yield {
                field: `${prefix}.error`,
                value: reader.string()
              }
              break
            }
            case 6: {
              yield {
                field: `${prefix}.kept`,
                value: reader.bool()
              }
              break
            }
            default: {
              skipField(reader, tag)
              break
            }
          }
        }
      })
    }

    return _codec
  }

  export interface AnnounceReplyIntervalMsFieldEvent {
    field: '$.intervalMs'
    value: number
  }

  export interface AnnounceReplyPeersIdFieldEvent {
    field: '$.peers[].id'
    value: Uint8Array<ArrayBuffer>
    index: number
  }

  export interface AnnounceReplyPeersAddressesFieldEvent {
    field: '$.peers[].addresses[]'
    index: number
    value: Uint8Array<ArrayBuffer>
  }

  export interface AnnounceReplyPeersHaveFieldEvent {
    field: '$.peers[].have'
    value: number
    index: number
  }

  export interface AnnounceReplyPeersTotalFieldEvent {
    field: '$.peers[].total'
    value: number
    index: number
  }

  export interface AnnounceReplySwarmPeersFieldEvent {
    field: '$.swarmPeers'
    value: number
  }

  export interface AnnounceReplySwarmHoldersFieldEvent {
    field: '$.swarmHolders'
    value: number
  }

  export interface AnnounceReplyErrorFieldEvent {
    field: '$.error'
    value: string
  }

  export interface AnnounceReplyKeptFieldEvent {
    field: '$.kept'
    value: boolean
  }

  export function encode (obj: Partial<AnnounceReply>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, AnnounceReply.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<AnnounceReply>): AnnounceReply {
    return decodeMessage(buf, AnnounceReply.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<AnnounceReply>): Generator<AnnounceReplyIntervalMsFieldEvent | AnnounceReplyPeersIdFieldEvent | AnnounceReplyPeersAddressesFieldEvent | AnnounceReplyPeersHaveFieldEvent | AnnounceReplyPeersTotalFieldEvent | AnnounceReplySwarmPeersFieldEvent | AnnounceReplySwarmHoldersFieldEvent | AnnounceReplyErrorFieldEvent | AnnounceReplyKeptFieldEvent> {
    return streamMessage(buf, AnnounceReply.codec(), opts)
  }
}

export interface TrackerPeer {
  id: Uint8Array<ArrayBuffer>
  addresses: Uint8Array<ArrayBuffer>[]
  have: number
  total: number
}

export namespace TrackerPeer {
  let _codec: Codec<TrackerPeer>

  export const codec = (): Codec<TrackerPeer> => {
    if (_codec == null) {
      _codec = message<TrackerPeer>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.id != null && obj.id.byteLength > 0)) {
          w.uint32(10)
          w.bytes(obj.id)
        }

        if (obj.addresses != null && obj.addresses.length > 0) {
          for (const value of obj.addresses) {
            w.uint32(18)
            w.bytes(value)
          }
        }

        if ((obj.have != null && obj.have !== 0)) {
          w.uint32(24)
          w.uint32(obj.have)
        }

        if ((obj.total != null && obj.total !== 0)) {
          w.uint32(32)
          w.uint32(obj.total)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          id: uint8ArrayAlloc(0),
          addresses: [],
          have: 0,
          total: 0
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.id = reader.bytes()
              break
            }
            case 2: {
              if (opts.limits?.addresses != null && obj.addresses.length === opts.limits.addresses) {
                throw new MaxLengthError('Decode error - repeated field "addresses" had too many elements')
              }

              obj.addresses.push(reader.bytes())
              break
            }
            case 3: {
              obj.have = reader.uint32()
              break
            }
            case 4: {
              obj.total = reader.uint32()
              break
            }
            default: {
              skipField(reader, tag)
              break
            }
          }
        }

        return obj
      }, function * (reader, length, prefix, opts = {}) {
        const obj = {
          addresses: 0
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              yield {
                field: `${prefix}.id`,
                value: reader.bytes()
              }
              break
            }
            case 2: {
              if (opts.limits?.addresses != null && obj.addresses === opts.limits.addresses) {
                throw new MaxLengthError('Streaming decode error - repeated field "addresses" had too many elements')
              }

              yield {
                field: `${prefix}.addresses[]`,
                index: obj.addresses,
                value: reader.bytes()
              }

              obj.addresses++

              break
            }
            case 3: {
              yield {
                field: `${prefix}.have`,
                value: reader.uint32()
              }
              break
            }
            case 4: {
              yield {
                field: `${prefix}.total`,
                value: reader.uint32()
              }
              break
            }
            default: {
              skipField(reader, tag)
              break
            }
          }
        }
      })
    }

    return _codec
  }

  export interface TrackerPeerIdFieldEvent {
    field: '$.id'
    value: Uint8Array<ArrayBuffer>
  }

  export interface TrackerPeerAddressesFieldEvent {
    field: '$.addresses[]'
    index: number
    value: Uint8Array<ArrayBuffer>
  }

  export interface TrackerPeerHaveFieldEvent {
    field: '$.have'
    value: number
  }

  export interface TrackerPeerTotalFieldEvent {
    field: '$.total'
    value: number
  }

  export function encode (obj: Partial<TrackerPeer>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, TrackerPeer.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<TrackerPeer>): TrackerPeer {
    return decodeMessage(buf, TrackerPeer.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<TrackerPeer>): Generator<TrackerPeerIdFieldEvent | TrackerPeerAddressesFieldEvent | TrackerPeerHaveFieldEvent | TrackerPeerTotalFieldEvent> {
    return streamMessage(buf, TrackerPeer.codec(), opts)
  }
}
