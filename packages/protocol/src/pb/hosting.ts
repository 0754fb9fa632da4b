import { decodeMessage, encodeMessage, enumeration, message, streamMessage } from 'protons-runtime'
import { alloc as uint8ArrayAlloc } from 'uint8arrays/alloc'
import type { Codec, DecodeOptions } from 'protons-runtime'
import type { Uint8ArrayList } from 'uint8arraylist'
import { skipField } from '../skip-field.ts'

export interface HostingRequest {
  verb: HostingVerb
  site: string
  record: Uint8Array<ArrayBuffer>
}

export namespace HostingRequest {
  let _codec: Codec<HostingRequest>

  export const codec = (): Codec<HostingRequest> => {
    if (_codec == null) {
      _codec = message<HostingRequest>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if (obj.verb != null && __HostingVerbValues[obj.verb] !== 0) {
          w.uint32(8)
          HostingVerb.codec().encode(obj.verb, w)
        }

        if ((obj.site != null && obj.site !== '')) {
          w.uint32(18)
          w.string(obj.site)
        }

        if ((obj.record != null && obj.record.byteLength > 0)) {
          w.uint32(26)
          w.bytes(obj.record)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          verb: HostingVerb.HOSTING_GET,
          site: '',
          record: uint8ArrayAlloc(0)
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.verb = HostingVerb.codec().decode(reader)
              break
            }
            case 2: {
              obj.site = reader.string()
              break
            }
            case 3: {
              obj.record = reader.bytes()
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
                value: HostingVerb.codec().decode(reader)
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
                field: `${prefix}.record`,
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

  export interface HostingRequestVerbFieldEvent {
    field: '$.verb'
    value: HostingVerb
  }

  export interface HostingRequestSiteFieldEvent {
    field: '$.site'
    value: string
  }

  export interface HostingRequestRecordFieldEvent {
    field: '$.record'
    value: Uint8Array<ArrayBuffer>
  }

  export function encode (obj: Partial<HostingRequest>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, HostingRequest.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<HostingRequest>): HostingRequest {
    return decodeMessage(buf, HostingRequest.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<HostingRequest>): Generator<HostingRequestVerbFieldEvent | HostingRequestSiteFieldEvent | HostingRequestRecordFieldEvent> {
    return streamMessage(buf, HostingRequest.codec(), opts)
  }
}

export enum HostingVerb {
  HOSTING_GET = 'HOSTING_GET',
  HOSTING_PUT = 'HOSTING_PUT',
  HOSTING_SUBSCRIBE = 'HOSTING_SUBSCRIBE'
}

enum __HostingVerbValues {
  HOSTING_GET = 0,
  HOSTING_PUT = 1,
  HOSTING_SUBSCRIBE = 2
}

export namespace HostingVerb {
  export const codec = (): Codec<HostingVerb> => {
    return enumeration<HostingVerb>(__HostingVerbValues)
  }
}

export interface HostingReply {
  record: Uint8Array<ArrayBuffer>
  error: string
}

export namespace HostingReply {
  let _codec: Codec<HostingReply>

  export const codec = (): Codec<HostingReply> => {
    if (_codec == null) {
      _codec = message<HostingReply>((obj, w, opts = {}) => {
        if (opts.lengthDelimited !== false) {
          w.fork()
        }

        if ((obj.record != null && obj.record.byteLength > 0)) {
          w.uint32(10)
          w.bytes(obj.record)
        }

        if ((obj.error != null && obj.error !== '')) {
          w.uint32(18)
          w.string(obj.error)
        }

        if (opts.lengthDelimited !== false) {
          w.ldelim()
        }
      }, (reader, length, opts = {}) => {
        const obj: any = {
          record: uint8ArrayAlloc(0),
          error: ''
        }

        const end = length == null ? reader.len : reader.pos + length

        while (reader.pos < end) {
          const tag = reader.uint32()

          switch (tag >>> 3) {
            case 1: {
              obj.record = reader.bytes()
              break
            }
            case 2: {
              obj.error = reader.string()
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
                field: `${prefix}.record`,
                value: reader.bytes()
              }
              break
            }
            case 2: {
              yield {
                field: `${prefix}.error`,
                value: reader.string()
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

  export interface HostingReplyRecordFieldEvent {
    field: '$.record'
    value: Uint8Array<ArrayBuffer>
  }

  export interface HostingReplyErrorFieldEvent {
    field: '$.error'
    value: string
  }

  export function encode (obj: Partial<HostingReply>): Uint8Array<ArrayBuffer> {
    return encodeMessage(obj, HostingReply.codec())
  }

  export function decode (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<HostingReply>): HostingReply {
    return decodeMessage(buf, HostingReply.codec(), opts)
  }

  export function stream (buf: Uint8Array | Uint8ArrayList, opts?: DecodeOptions<HostingReply>): Generator<HostingReplyRecordFieldEvent | HostingReplyErrorFieldEvent> {
    return streamMessage(buf, HostingReply.codec(), opts)
  }
}
