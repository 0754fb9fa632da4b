import { decodeMessage, encodeMessage, enumeration, MaxLengthError, message, streamMessage } from 'protons-runtime'
import { alloc as uint8ArrayAlloc } from 'uint8arrays/alloc'
import type { Codec, DecodeOptions } from 'protons-runtime'
import type { Uint8ArrayList } from 'uint8arraylist'
import { skipField } from '../skip-field.ts'

export interface FellowRequest {
  verb: FellowVerb
  proof: Uint8Array<ArrayBuffer>
  info: string
  site: string
  want: number
}

export namespace FellowRequest {
  let _codec: Codec<FellowRequest>

  export const codec = (): Codec<FellowRequest> => {
    if (_codec == null) {
      _codec = message<FellowRequest>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if (obj.verb != null && __FellowVerbValues[obj.verb] !== 0) {
          w.uint32(8)
          FellowVerb.codec().encode(obj.verb, w)
        }

        if ((obj.proof != null && obj.proof.byteLength > 0)) {
          w.uint32(18)
          w.bytes(obj.proof)
        }

        if ((obj.info != null && obj.info !== '')) {
          w.uint32(26)
          w.string(obj.info)
        }

        if ((obj.site != null && obj.site !== '')) {
          w.uint32(34)
          w.string(obj.site)
        }

        if ((obj.want != null && obj.want !== 0)) {
          w.uint32(40)
          w.uint32(obj.want)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          verb: FellowVerb.FELLOW_UNSPECIFIED,
          proof: uint8ArrayAlloc(0),
          info: '',
          site: '',
          want: 0
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.verb = FellowVerb.codec().decode(reader)
              break
            }
            case 2: {
              obj.proof = reader.bytes()
              break
            }
            case 3: {
              obj.info = reader.string()
              break
            }
            case 4: {
              obj.site = reader.string()
              break
            }
            case 5: {
              obj.want = reader.uint32()
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
                field: `${prefix}.verb`,
                value: FellowVerb.codec().decode(reader)
              }
              break
            }
            case 2: {
              yield {
                field: `${prefix}.proof`,
                value: reader.bytes()
              }
              break
            }
            case 3: {
              yield {
                field: `${prefix}.info`,
                value: reader.string()
              }
              break
            }
            case 4: {
              yield {
                field: `${prefix}.site`,
                value: reader.string()
              }
              break
            }
            case 5: {
              yield {
                field: `${prefix}.want`,
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

  export interface FellowRequestVerbFieldEvent {
    field: '$.verb'
    value: FellowVerb
  }

  export interface FellowRequestProofFieldEvent {
    field: '$.proof'
    value: Uint8Array<ArrayBuffer>
  }

  export interface FellowRequestInfoFieldEvent {
    field: '$.info'
    value: string
  }

  export interface FellowRequestSiteFieldEvent {
    field: '$.site'
    value: string
  }

  export interface FellowRequestWantFieldEvent {
    field: '$.want'
    value: number
  }

  export function encode (obj: Partial<FellowRequest>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, FellowRequest.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<FellowRequest>): FellowRequest {
    return decodeMessage(buf, FellowRequest.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<FellowRequest>): Generator<FellowRequestVerbFieldEvent | FellowRequestProofFieldEvent | FellowRequestInfoFieldEvent | FellowRequestSiteFieldEvent | FellowRequestWantFieldEvent> {
    return streamMessage(buf, FellowRequest.codec(), opts)
  }
}

export enum FellowVerb {
  FELLOW_UNSPECIFIED = 'FELLOW_UNSPECIFIED',
  FELLOW_GREET = 'FELLOW_GREET',
  FELLOW_SWARM = 'FELLOW_SWARM'
}

enum __FellowVerbValues {
  FELLOW_UNSPECIFIED = 0,
  FELLOW_GREET = 1,
  FELLOW_SWARM = 2
}

export namespace FellowVerb {
  export const codec = (): Codec<FellowVerb> => {
    return enumeration<FellowVerb>(__FellowVerbValues)
  }
}

export interface FellowReply {
  error: string
  proof: Uint8Array<ArrayBuffer>
  info: string
  peers: FellowPeer[]
  swarmPeers: number
  swarmHolders: number
}

export namespace FellowReply {
  let _codec: Codec<FellowReply>

  export const codec = (): Codec<FellowReply> => {
    if (_codec == null) {
      _codec = message<FellowReply>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.error != null && obj.error !== '')) {
          w.uint32(10)
          w.string(obj.error)
        }

        if ((obj.proof != null && obj.proof.byteLength > 0)) {
          w.uint32(18)
          w.bytes(obj.proof)
        }

        if ((obj.info != null && obj.info !== '')) {
          w.uint32(26)
          w.string(obj.info)
        }

        if (obj.peers != null && obj.peers.length > 0) {
          for (const value of obj.peers) {
            w.uint32(34)
            FellowPeer.codec().encode(value, w)
          }
        }

        if ((obj.swarmPeers != null && obj.swarmPeers !== 0)) {
          w.uint32(40)
          w.uint32(obj.swarmPeers)
        }

        if ((obj.swarmHolders != null && obj.swarmHolders !== 0)) {
          w.uint32(48)
          w.uint32(obj.swarmHolders)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          error: '',
          proof: uint8ArrayAlloc(0),
          info: '',
          peers: [],
          swarmPeers: 0,
          swarmHolders: 0
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.error = reader.string()
              break
            }
            case 2: {
              obj.proof = reader.bytes()
              break
            }
            case 3: {
              obj.info = reader.string()
              break
            }
            case 4: {
              if (opts.limits?.peers != null && obj.peers.length === opts.limits.peers) {
                throw new MaxLengthError('Decode error - repeated field "peers" had too many elements')
              }

              obj.peers.push(FellowPeer.codec().decode(reader, reader.uint32(), {
                limits: opts.limits?.peers$
              }))
              break
            }
            case 5: {
              obj.swarmPeers = reader.uint32()
              break
            }
            case 6: {
              obj.swarmHolders = reader.uint32()
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
                field: `${prefix}.error`,
                value: reader.string()
              }
              break
            }
            case 2: {
              yield {
                field: `${prefix}.proof`,
                value: reader.bytes()
              }
              break
            }
            case 3: {
              yield {
                field: `${prefix}.info`,
                value: reader.string()
              }
              break
            }
            case 4: {
              if (opts.limits?.peers != null && obj.peers === opts.limits.peers) {
                throw new MaxLengthError('Streaming decode error - repeated field "peers" had too many elements')
              }

              for (const evt of FellowPeer.codec().stream(reader, reader.uint32(), `${prefix}.peers[]`, {
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
            case 5: {
              yield {
                field: `${prefix}.swarmPeers`,
                value: reader.uint32()
              }
              break
            }
            case 6: {
              yield {
                field: `${prefix}.swarmHolders`,
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

  export interface FellowReplyErrorFieldEvent {
    field: '$.error'
    value: string
  }

  export interface FellowReplyProofFieldEvent {
    field: '$.proof'
    value: Uint8Array<ArrayBuffer>
  }

  export interface FellowReplyInfoFieldEvent {
    field: '$.info'
    value: string
  }

  export interface FellowReplyPeersIdFieldEvent {
    field: '$.peers[].id'
    value: Uint8Array<ArrayBuffer>
    index: number
  }

  export interface FellowReplyPeersHaveFieldEvent {
    field: '$.peers[].have'
    value: number
    index: number
  }

  export interface FellowReplyPeersTotalFieldEvent {
    field: '$.peers[].total'
    value: number
    index: number
  }

  export interface FellowReplySwarmPeersFieldEvent {
    field: '$.swarmPeers'
    value: number
  }

  export interface FellowReplySwarmHoldersFieldEvent {
    field: '$.swarmHolders'
    value: number
  }

  export function encode (obj: Partial<FellowReply>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, FellowReply.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<FellowReply>): FellowReply {
    return decodeMessage(buf, FellowReply.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<FellowReply>): Generator<FellowReplyErrorFieldEvent | FellowReplyProofFieldEvent | FellowReplyInfoFieldEvent | FellowReplyPeersIdFieldEvent | FellowReplyPeersHaveFieldEvent | FellowReplyPeersTotalFieldEvent | FellowReplySwarmPeersFieldEvent | FellowReplySwarmHoldersFieldEvent> {
    return streamMessage(buf, FellowReply.codec(), opts)
  }
}

export interface FellowPeer {
  id: Uint8Array<ArrayBuffer>
  have: number
  total: number
}

export namespace FellowPeer {
  let _codec: Codec<FellowPeer>

  export const codec = (): Codec<FellowPeer> => {
    if (_codec == null) {
      _codec = message<FellowPeer>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.id != null && obj.id.byteLength > 0)) {
          w.uint32(10)
          w.bytes(obj.id)
        }

        if ((obj.have != null && obj.have !== 0)) {
          w.uint32(16)
          w.uint32(obj.have)
        }

        if ((obj.total != null && obj.total !== 0)) {
          w.uint32(24)
          w.uint32(obj.total)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          id: uint8ArrayAlloc(0),
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
              obj.have = reader.uint32()
              break
            }
            case 3: {
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
              yield {
                field: `${prefix}.have`,
                value: reader.uint32()
              }
              break
            }
            case 3: {
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

  export interface FellowPeerIdFieldEvent {
    field: '$.id'
    value: Uint8Array<ArrayBuffer>
  }

  export interface FellowPeerHaveFieldEvent {
    field: '$.have'
    value: number
  }

  export interface FellowPeerTotalFieldEvent {
    field: '$.total'
    value: number
  }

  export function encode (obj: Partial<FellowPeer>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, FellowPeer.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<FellowPeer>): FellowPeer {
    return decodeMessage(buf, FellowPeer.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<FellowPeer>): Generator<FellowPeerIdFieldEvent | FellowPeerHaveFieldEvent | FellowPeerTotalFieldEvent> {
    return streamMessage(buf, FellowPeer.codec(), opts)
  }
}
