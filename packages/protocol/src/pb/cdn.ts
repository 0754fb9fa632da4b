import { decodeMessage, encodeMessage, enumeration, MaxLengthError, message, streamMessage } from 'protons-runtime'
import { alloc as uint8ArrayAlloc } from 'uint8arrays/alloc'
import type { Codec, DecodeOptions } from 'protons-runtime'
import type { Uint8ArrayList } from 'uint8arraylist'
import { skipField } from '../skip-field.ts'

export interface CdnMessage {
  hello?: Hello
  subscribe?: Subscribe
  bitfield?: Bitfield
  have?: Have
  request?: Request
  piece?: Piece
  cancel?: Cancel
  reject?: Reject
  choke?: Choke
  coming?: Coming
}

export namespace CdnMessage {
  let _codec: Codec<CdnMessage>

  export const codec = (): Codec<CdnMessage> => {
    if (_codec == null) {
      _codec = message<CdnMessage>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if (obj.hello != null) {
          w.uint32(10)
          Hello.codec().encode(obj.hello, w)
        }

        if (obj.subscribe != null) {
          w.uint32(18)
          Subscribe.codec().encode(obj.subscribe, w)
        }

        if (obj.bitfield != null) {
          w.uint32(26)
          Bitfield.codec().encode(obj.bitfield, w)
        }

        if (obj.have != null) {
          w.uint32(34)
          Have.codec().encode(obj.have, w)
        }

        if (obj.request != null) {
          w.uint32(42)
          Request.codec().encode(obj.request, w)
        }

        if (obj.piece != null) {
          w.uint32(50)
          Piece.codec().encode(obj.piece, w)
        }

        if (obj.cancel != null) {
          w.uint32(58)
          Cancel.codec().encode(obj.cancel, w)
        }

        if (obj.reject != null) {
          w.uint32(66)
          Reject.codec().encode(obj.reject, w)
        }

        if (obj.choke != null) {
          w.uint32(74)
          Choke.codec().encode(obj.choke, w)
        }

        if (obj.coming != null) {
          w.uint32(82)
          Coming.codec().encode(obj.coming, w)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {}

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.hello = Hello.codec().decode(reader, reader.uint32(), {
                limits: opts.limits?.hello
              })
              break
            }
            case 2: {
              obj.subscribe = Subscribe.codec().decode(reader, reader.uint32(), {
                limits: opts.limits?.subscribe
              })
              break
            }
            case 3: {
              obj.bitfield = Bitfield.codec().decode(reader, reader.uint32(), {
                limits: opts.limits?.bitfield
              })
              break
            }
            case 4: {
              obj.have = Have.codec().decode(reader, reader.uint32(), {
                limits: opts.limits?.have
              })
              break
            }
            case 5: {
              obj.request = Request.codec().decode(reader, reader.uint32(), {
                limits: opts.limits?.request
              })
              break
            }
            case 6: {
              obj.piece = Piece.codec().decode(reader, reader.uint32(), {
                limits: opts.limits?.piece
              })
              break
            }
            case 7: {
              obj.cancel = Cancel.codec().decode(reader, reader.uint32(), {
                limits: opts.limits?.cancel
              })
              break
            }
            case 8: {
              obj.reject = Reject.codec().decode(reader, reader.uint32(), {
                limits: opts.limits?.reject
              })
              break
            }
            case 9: {
              obj.choke = Choke.codec().decode(reader, reader.uint32(), {
                limits: opts.limits?.choke
              })
              break
            }
            case 10: {
              obj.coming = Coming.codec().decode(reader, reader.uint32(), {
                limits: opts.limits?.coming
              })
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
              yield * Hello.codec().stream(reader, reader.uint32(), `${prefix}.hello`, {
                limits: opts.limits?.hello
              })

              break
            }
            case 2: {
              yield * Subscribe.codec().stream(reader, reader.uint32(), `${prefix}.subscribe`, {
                limits: opts.limits?.subscribe
              })

              break
            }
            case 3: {
              yield * Bitfield.codec().stream(reader, reader.uint32(), `${prefix}.bitfield`, {
                limits: opts.limits?.bitfield
              })

              break
            }
            case 4: {
              yield * Have.codec().stream(reader, reader.uint32(), `${prefix}.have`, {
                limits: opts.limits?.have
              })

              break
            }
            case 5: {
              yield * Request.codec().stream(reader, reader.uint32(), `${prefix}.request`, {
                limits: opts.limits?.request
              })

              break
            }
            case 6: {
              yield * Piece.codec().stream(reader, reader.uint32(), `${prefix}.piece`, {
                limits: opts.limits?.piece
              })

              break
            }
            case 7: {
              yield * Cancel.codec().stream(reader, reader.uint32(), `${prefix}.cancel`, {
                limits: opts.limits?.cancel
              })

              break
            }
            case 8: {
              yield * Reject.codec().stream(reader, reader.uint32(), `${prefix}.reject`, {
                limits: opts.limits?.reject
              })

              break
            }
            case 9: {
              yield * Choke.codec().stream(reader, reader.uint32(), `${prefix}.choke`, {
                limits: opts.limits?.choke
              })

              break
            }
            case 10: {
              yield * Coming.codec().stream(reader, reader.uint32(), `${prefix}.coming`, {
                limits: opts.limits?.coming
              })

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

  export interface CdnMessageHelloVersionFieldEvent {
    field: '$.hello.version'
    value: number
  }

  export interface CdnMessageHelloSiteFieldEvent {
    field: '$.hello.site'
    value: string
  }

  export interface CdnMessageHelloTokenFieldEvent {
    field: '$.hello.token'
    value: string
  }

  export interface CdnMessageHelloLastResortFieldEvent {
    field: '$.hello.lastResort'
    value: boolean
  }

  export interface CdnMessageHelloFrameChannelFieldEvent {
    field: '$.hello.frameChannel'
    value: boolean
  }

  export interface CdnMessageSubscribeRootFieldEvent {
    field: '$.subscribe.root'
    value: Uint8Array<ArrayBuffer>
  }

  export interface CdnMessageBitfieldRootFieldEvent {
    field: '$.bitfield.root'
    value: Uint8Array<ArrayBuffer>
  }

  export interface CdnMessageBitfieldBitsFieldEvent {
    field: '$.bitfield.bits'
    value: Uint8Array<ArrayBuffer>
  }

  export interface CdnMessageHaveRootFieldEvent {
    field: '$.have.root'
    value: Uint8Array<ArrayBuffer>
  }

  export interface CdnMessageHavePiecesFieldEvent {
    field: '$.have.pieces[]'
    index: number
    value: number
  }

  export interface CdnMessageRequestIdFieldEvent {
    field: '$.request.id'
    value: number
  }

  export interface CdnMessageRequestCidFieldEvent {
    field: '$.request.cid'
    value: Uint8Array<ArrayBuffer>
  }

  export interface CdnMessageRequestOffsetFieldEvent {
    field: '$.request.offset'
    value: number
  }

  export interface CdnMessageRequestLengthFieldEvent {
    field: '$.request.length'
    value: number
  }

  export interface CdnMessagePieceIdFieldEvent {
    field: '$.piece.id'
    value: number
  }

  export interface CdnMessagePieceOffsetFieldEvent {
    field: '$.piece.offset'
    value: number
  }

  export interface CdnMessagePieceSizeFieldEvent {
    field: '$.piece.size'
    value: number
  }

  export interface CdnMessagePieceDataFieldEvent {
    field: '$.piece.data'
    value: Uint8Array<ArrayBuffer>
  }

  export interface CdnMessageCancelIdFieldEvent {
    field: '$.cancel.id'
    value: number
  }

  export interface CdnMessageRejectIdFieldEvent {
    field: '$.reject.id'
    value: number
  }

  export interface CdnMessageRejectReasonFieldEvent {
    field: '$.reject.reason'
    value: RejectReason
  }

  export interface CdnMessageChokeChokedFieldEvent {
    field: '$.choke.choked'
    value: boolean
  }

  export interface CdnMessageComingRootFieldEvent {
    field: '$.coming.root'
    value: Uint8Array<ArrayBuffer>
  }

  export interface CdnMessageComingPiecesFieldEvent {
    field: '$.coming.pieces[]'
    index: number
    value: number
  }

  export interface CdnMessageComingOverFieldEvent {
    field: '$.coming.over'
    value: boolean
  }

  export function encode (obj: Partial<CdnMessage>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, CdnMessage.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<CdnMessage>): CdnMessage {
    return decodeMessage(buf, CdnMessage.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<CdnMessage>): Generator<CdnMessageHelloVersionFieldEvent | CdnMessageHelloSiteFieldEvent | CdnMessageHelloTokenFieldEvent | CdnMessageHelloLastResortFieldEvent | CdnMessageHelloFrameChannelFieldEvent | CdnMessageSubscribeRootFieldEvent | CdnMessageBitfieldRootFieldEvent | CdnMessageBitfieldBitsFieldEvent | CdnMessageHaveRootFieldEvent | CdnMessageHavePiecesFieldEvent | CdnMessageRequestIdFieldEvent | CdnMessageRequestCidFieldEvent | CdnMessageRequestOffsetFieldEvent | CdnMessageRequestLengthFieldEvent | CdnMessagePieceIdFieldEvent | CdnMessagePieceOffsetFieldEvent | CdnMessagePieceSizeFieldEvent | CdnMessagePieceDataFieldEvent | CdnMessageCancelIdFieldEvent | CdnMessageRejectIdFieldEvent | CdnMessageRejectReasonFieldEvent | CdnMessageChokeChokedFieldEvent | CdnMessageComingRootFieldEvent | CdnMessageComingPiecesFieldEvent | CdnMessageComingOverFieldEvent> {
    return streamMessage(buf, CdnMessage.codec(), opts)
  }
}

export interface Hello {
  version: number
  site: string
  token: string
  lastResort: boolean
  frameChannel: boolean
}

export namespace Hello {
  let _codec: Codec<Hello>

  export const codec = (): Codec<Hello> => {
    if (_codec == null) {
      _codec = message<Hello>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.version != null && obj.version !== 0)) {
          w.uint32(8)
          w.uint32(obj.version)
        }

        if ((obj.site != null && obj.site !== '')) {
          w.uint32(18)
          w.string(obj.site)
        }

        if ((obj.token != null && obj.token !== '')) {
          w.uint32(26)
          w.string(obj.token)
        }

        if ((obj.lastResort != null && obj.lastResort !== false)) {
          w.uint32(32)
          w.bool(obj.lastResort)
        }

        if ((obj.frameChannel != null && obj.frameChannel !== false)) {
          w.uint32(40)
          w.bool(obj.frameChannel)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          version: 0,
          site: '',
          token: '',
          lastResort: false,
          frameChannel: false
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.version = reader.uint32()
              break
            }
            case 2: {
              obj.site = reader.string()
              break
            }
            case 3: {
              obj.token = reader.string()
              break
            }
            case 4: {
              obj.lastResort = reader.bool()
              break
            }
            case 5: {
              obj.frameChannel = reader.bool()
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
                field: `${prefix}.version`,
                value: reader.uint32()
              }
              break
            }
            case 2: {
              yield {
                field: `${prefix}.site`,
                value: reader.string()
              }
              break
            }
            case 3: {
              yield {
                field: `${prefix}.token`,
                value: reader.string()
              }
              break
            }
            case 4: {
              yield {
                field: `${prefix}.lastResort`,
                value: reader.bool()
              }
              break
            }
            case 5: {
              yield {
                field: `${prefix}.frameChannel`,
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

  export interface HelloVersionFieldEvent {
    field: '$.version'
    value: number
  }

  export interface HelloSiteFieldEvent {
    field: '$.site'
    value: string
  }

  export interface HelloTokenFieldEvent {
    field: '$.token'
    value: string
  }

  export interface HelloLastResortFieldEvent {
    field: '$.lastResort'
    value: boolean
  }

  export interface HelloFrameChannelFieldEvent {
    field: '$.frameChannel'
    value: boolean
  }

  export function encode (obj: Partial<Hello>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, Hello.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Hello>): Hello {
    return decodeMessage(buf, Hello.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Hello>): Generator<HelloVersionFieldEvent | HelloSiteFieldEvent | HelloTokenFieldEvent | HelloLastResortFieldEvent | HelloFrameChannelFieldEvent> {
    return streamMessage(buf, Hello.codec(), opts)
  }
}

export interface Subscribe {
  root: Uint8Array<ArrayBuffer>
}

export namespace Subscribe {
  let _codec: Codec<Subscribe>

  export const codec = (): Codec<Subscribe> => {
    if (_codec == null) {
      _codec = message<Subscribe>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.root != null && obj.root.byteLength > 0)) {
          w.uint32(10)
          w.bytes(obj.root)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          root: uint8ArrayAlloc(0)
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.root = reader.bytes()
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
                field: `${prefix}.root`,
                value: reader.bytes()
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

  export interface SubscribeRootFieldEvent {
    field: '$.root'
    value: Uint8Array<ArrayBuffer>
  }

  export function encode (obj: Partial<Subscribe>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, Subscribe.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Subscribe>): Subscribe {
    return decodeMessage(buf, Subscribe.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Subscribe>): Generator<SubscribeRootFieldEvent> {
    return streamMessage(buf, Subscribe.codec(), opts)
  }
}

export interface Bitfield {
  root: Uint8Array<ArrayBuffer>
  bits: Uint8Array<ArrayBuffer>
}

export namespace Bitfield {
  let _codec: Codec<Bitfield>

  export const codec = (): Codec<Bitfield> => {
    if (_codec == null) {
      _codec = message<Bitfield>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.root != null && obj.root.byteLength > 0)) {
          w.uint32(10)
          w.bytes(obj.root)
        }

        if ((obj.bits != null && obj.bits.byteLength > 0)) {
          w.uint32(18)
          w.bytes(obj.bits)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          root: uint8ArrayAlloc(0),
          bits: uint8ArrayAlloc(0)
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.root = reader.bytes()
              break
            }
            case 2: {
              obj.bits = reader.bytes()
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
                field: `${prefix}.root`,
                value: reader.bytes()
              }
              break
            }
            case 2: {
              yield {
                field: `${prefix}.bits`,
                value: reader.bytes()
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

  export interface BitfieldRootFieldEvent {
    field: '$.root'
    value: Uint8Array<ArrayBuffer>
  }

  export interface BitfieldBitsFieldEvent {
    field: '$.bits'
    value: Uint8Array<ArrayBuffer>
  }

  export function encode (obj: Partial<Bitfield>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, Bitfield.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Bitfield>): Bitfield {
    return decodeMessage(buf, Bitfield.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Bitfield>): Generator<BitfieldRootFieldEvent | BitfieldBitsFieldEvent> {
    return streamMessage(buf, Bitfield.codec(), opts)
  }
}

export interface Have {
  root: Uint8Array<ArrayBuffer>
  pieces: number[]
}

export namespace Have {
  let _codec: Codec<Have>

  export const codec = (): Codec<Have> => {
    if (_codec == null) {
      _codec = message<Have>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.root != null && obj.root.byteLength > 0)) {
          w.uint32(10)
          w.bytes(obj.root)
        }

        if (obj.pieces != null && obj.pieces.length > 0) {
          for (const value of obj.pieces) {
            w.uint32(16)
            w.uint32(value)
          }
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          root: uint8ArrayAlloc(0),
          pieces: []
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.root = reader.bytes()
              break
            }
            case 2: {
              if (opts.limits?.pieces != null && obj.pieces.length === opts.limits.pieces) {
                throw new MaxLengthError('Decode error - repeated field "pieces" had too many elements')
              }

              obj.pieces.push(reader.uint32())
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
          pieces: 0
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              yield {
                field: `${prefix}.root`,
                value: reader.bytes()
              }
              break
            }
            case 2: {
              if (opts.limits?.pieces != null && obj.pieces === opts.limits.pieces) {
                throw new MaxLengthError('Streaming decode error - repeated field "pieces" had too many elements')
              }

              yield {
                field: `${prefix}.pieces[]`,
                index: obj.pieces,
                value: reader.uint32()
              }

              obj.pieces++

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

  export interface HaveRootFieldEvent {
    field: '$.root'
    value: Uint8Array<ArrayBuffer>
  }

  export interface HavePiecesFieldEvent {
    field: '$.pieces[]'
    index: number
    value: number
  }

  export function encode (obj: Partial<Have>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, Have.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Have>): Have {
    return decodeMessage(buf, Have.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Have>): Generator<HaveRootFieldEvent | HavePiecesFieldEvent> {
    return streamMessage(buf, Have.codec(), opts)
  }
}

export interface Coming {
  root: Uint8Array<ArrayBuffer>
  pieces: number[]
  over: boolean
}

export namespace Coming {
  let _codec: Codec<Coming>

  export const codec = (): Codec<Coming> => {
    if (_codec == null) {
      _codec = message<Coming>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.root != null && obj.root.byteLength > 0)) {
          w.uint32(10)
          w.bytes(obj.root)
        }

        if (obj.pieces != null && obj.pieces.length > 0) {
          for (const value of obj.pieces) {
            w.uint32(16)
            w.uint32(value)
          }
        }

        if ((obj.over != null && obj.over !== false)) {
          w.uint32(24)
          w.bool(obj.over)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          root: uint8ArrayAlloc(0),
          pieces: [],
          over: false
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.root = reader.bytes()
              break
            }
            case 2: {
              if (opts.limits?.pieces != null && obj.pieces.length === opts.limits.pieces) {
                throw new MaxLengthError('Decode error - repeated field "pieces" had too many elements')
              }

              obj.pieces.push(reader.uint32())
              break
            }
            case 3: {
              obj.over = reader.bool()
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
          pieces: 0
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              yield {
                field: `${prefix}.root`,
                value: reader.bytes()
              }
              break
            }
            case 2: {
              if (opts.limits?.pieces != null && obj.pieces === opts.limits.pieces) {
                throw new MaxLengthError('Streaming decode error - repeated field "pieces" had too many elements')
              }

              yield {
                field: `${prefix}.pieces[]`,
                index: obj.pieces,
                value: reader.uint32()
              }

              obj.pieces++

              break
            }
            case 3: {
              yield {
                field: `${prefix}.over`,
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

  export interface ComingRootFieldEvent {
    field: '$.root'
    value: Uint8Array<ArrayBuffer>
  }

  export interface ComingPiecesFieldEvent {
    field: '$.pieces[]'
    index: number
    value: number
  }

  export interface ComingOverFieldEvent {
    field: '$.over'
    value: boolean
  }

  export function encode (obj: Partial<Coming>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, Coming.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Coming>): Coming {
    return decodeMessage(buf, Coming.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Coming>): Generator<ComingRootFieldEvent | ComingPiecesFieldEvent | ComingOverFieldEvent> {
    return streamMessage(buf, Coming.codec(), opts)
  }
}

export interface Request {
  id: number
  cid: Uint8Array<ArrayBuffer>
  offset: number
  length: number
}

export namespace Request {
  let _codec: Codec<Request>

  export const codec = (): Codec<Request> => {
    if (_codec == null) {
      _codec = message<Request>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.id != null && obj.id !== 0)) {
          w.uint32(8)
          w.uint32(obj.id)
        }

        if ((obj.cid != null && obj.cid.byteLength > 0)) {
          w.uint32(18)
          w.bytes(obj.cid)
        }

        if ((obj.offset != null && obj.offset !== 0)) {
          w.uint32(24)
          w.uint32(obj.offset)
        }

        if ((obj.length != null && obj.length !== 0)) {
          w.uint32(32)
          w.uint32(obj.length)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          id: 0,
          cid: uint8ArrayAlloc(0),
          offset: 0,
          length: 0
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.id = reader.uint32()
              break
            }
            case 2: {
              obj.cid = reader.bytes()
              break
            }
            case 3: {
              obj.offset = reader.uint32()
              break
            }
            case 4: {
              obj.length = reader.uint32()
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
                value: reader.uint32()
              }
              break
            }
            case 2: {
              yield {
                field: `${prefix}.cid`,
                value: reader.bytes()
              }
              break
            }
            case 3: {
              yield {
                field: `${prefix}.offset`,
                value: reader.uint32()
              }
              break
            }
            case 4: {
              yield {
                field: `${prefix}.length`,
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

  export interface RequestIdFieldEvent {
    field: '$.id'
    value: number
  }

  export interface RequestCidFieldEvent {
    field: '$.cid'
    value: Uint8Array<ArrayBuffer>
  }

  export interface RequestOffsetFieldEvent {
    field: '$.offset'
    value: number
  }

  export interface RequestLengthFieldEvent {
    field: '$.length'
    value: number
  }

  export function encode (obj: Partial<Request>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, Request.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Request>): Request {
    return decodeMessage(buf, Request.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Request>): Generator<RequestIdFieldEvent | RequestCidFieldEvent | RequestOffsetFieldEvent | RequestLengthFieldEvent> {
    return streamMessage(buf, Request.codec(), opts)
  }
}

export interface Piece {
  id: number
  offset: number
  size: number
  data: Uint8Array<ArrayBuffer>
}

export namespace Piece {
  let _codec: Codec<Piece>

  export const codec = (): Codec<Piece> => {
    if (_codec == null) {
      _codec = message<Piece>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.id != null && obj.id !== 0)) {
          w.uint32(8)
          w.uint32(obj.id)
        }

        if ((obj.offset != null && obj.offset !== 0)) {
          w.uint32(16)
          w.uint32(obj.offset)
        }

        if ((obj.size != null && obj.size !== 0)) {
          w.uint32(24)
          w.uint32(obj.size)
        }

        if ((obj.data != null && obj.data.byteLength > 0)) {
          w.uint32(34)
          w.bytes(obj.data)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          id: 0,
          offset: 0,
          size: 0,
          data: uint8ArrayAlloc(0)
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.id = reader.uint32()
              break
            }
            case 2: {
              obj.offset = reader.uint32()
              break
            }
            case 3: {
              obj.size = reader.uint32()
              break
            }
            case 4: {
              obj.data = reader.bytes()
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
                value: reader.uint32()
              }
              break
            }
            case 2: {
              yield {
                field: `${prefix}.offset`,
                value: reader.uint32()
              }
              break
            }
            case 3: {
              yield {
                field: `${prefix}.size`,
                value: reader.uint32()
              }
              break
            }
            case 4: {
              yield {
                field: `${prefix}.data`,
                value: reader.bytes()
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

  export interface PieceIdFieldEvent {
    field: '$.id'
    value: number
  }

  export interface PieceOffsetFieldEvent {
    field: '$.offset'
    value: number
  }

  export interface PieceSizeFieldEvent {
    field: '$.size'
    value: number
  }

  export interface PieceDataFieldEvent {
    field: '$.data'
    value: Uint8Array<ArrayBuffer>
  }

  export function encode (obj: Partial<Piece>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, Piece.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Piece>): Piece {
    return decodeMessage(buf, Piece.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Piece>): Generator<PieceIdFieldEvent | PieceOffsetFieldEvent | PieceSizeFieldEvent | PieceDataFieldEvent> {
    return streamMessage(buf, Piece.codec(), opts)
  }
}

export interface Cancel {
  id: number
}

export namespace Cancel {
  let _codec: Codec<Cancel>

  export const codec = (): Codec<Cancel> => {
    if (_codec == null) {
      _codec = message<Cancel>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.id != null && obj.id !== 0)) {
          w.uint32(8)
          w.uint32(obj.id)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          id: 0
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.id = reader.uint32()
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

  export interface CancelIdFieldEvent {
    field: '$.id'
    value: number
  }

  export function encode (obj: Partial<Cancel>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, Cancel.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Cancel>): Cancel {
    return decodeMessage(buf, Cancel.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Cancel>): Generator<CancelIdFieldEvent> {
    return streamMessage(buf, Cancel.codec(), opts)
  }
}

export enum RejectReason {
  REJECT_UNSPECIFIED = 'REJECT_UNSPECIFIED',
  REJECT_NOT_FOUND = 'REJECT_NOT_FOUND',
  REJECT_CHOKED = 'REJECT_CHOKED',
  REJECT_BUSY = 'REJECT_BUSY',
  REJECT_INVALID = 'REJECT_INVALID'
}

enum __RejectReasonValues {
  REJECT_UNSPECIFIED = 0,
  REJECT_NOT_FOUND = 1,
  REJECT_CHOKED = 2,
  REJECT_BUSY = 3,
  REJECT_INVALID = 4
}

export namespace RejectReason {
  export const codec = (): Codec<RejectReason> => {
    return enumeration<RejectReason>(__RejectReasonValues)
  }
}

export interface Reject {
  id: number
  reason: RejectReason
}

export namespace Reject {
  let _codec: Codec<Reject>

  export const codec = (): Codec<Reject> => {
    if (_codec == null) {
      _codec = message<Reject>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.id != null && obj.id !== 0)) {
          w.uint32(8)
          w.uint32(obj.id)
        }

        if (obj.reason != null && __RejectReasonValues[obj.reason] !== 0) {
          w.uint32(16)
          RejectReason.codec().encode(obj.reason, w)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          id: 0,
          reason: RejectReason.REJECT_UNSPECIFIED
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.id = reader.uint32()
              break
            }
            case 2: {
              obj.reason = RejectReason.codec().decode(reader)
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
                value: reader.uint32()
              }
              break
            }
            case 2: {
              yield {
                field: `${prefix}.reason`,
                value: RejectReason.codec().decode(reader)
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

  export interface RejectIdFieldEvent {
    field: '$.id'
    value: number
  }

  export interface RejectReasonFieldEvent {
    field: '$.reason'
    value: RejectReason
  }

  export function encode (obj: Partial<Reject>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, Reject.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Reject>): Reject {
    return decodeMessage(buf, Reject.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Reject>): Generator<RejectIdFieldEvent | RejectReasonFieldEvent> {
    return streamMessage(buf, Reject.codec(), opts)
  }
}

export interface Choke {
  choked: boolean
}

export namespace Choke {
  let _codec: Codec<Choke>

  export const codec = (): Codec<Choke> => {
    if (_codec == null) {
      _codec = message<Choke>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.choked != null && obj.choked !== false)) {
          w.uint32(8)
          w.bool(obj.choked)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          choked: false
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.choked = reader.bool()
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
                field: `${prefix}.choked`,
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

  export interface ChokeChokedFieldEvent {
    field: '$.choked'
    value: boolean
  }

  export function encode (obj: Partial<Choke>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, Choke.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Choke>): Choke {
    return decodeMessage(buf, Choke.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<Choke>): Generator<ChokeChokedFieldEvent> {
    return streamMessage(buf, Choke.codec(), opts)
  }
}
