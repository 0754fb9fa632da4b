import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto'
import { base64url } from 'multiformats/bases/base64'
import { create } from 'multiformats/hashes/digest'

/** A certificate as `webRTCDirect` takes it: PEM texts, and the certhash of its multiaddr. */
export interface StoredCertificate {
  privateKey: string
  pem: string
  certhash: string
}

/** Multicodec of sha2-256. */
const SHA2_256 = 0x12

const OID_ECDSA_SHA256 = Buffer.from('06082a8648ce3d040302', 'hex')
const OID_COMMON_NAME = Buffer.from('0603550403', 'hex')

/**
 * Makes the certificate that webrtc-direct listens with: self-signed, ECDSA
 * on P-256 (the curve that all WebRTC stacks have). Peers pin its hash, which
 * is part of the multiaddr, and look at nothing else; so it is made once and
 * valid for thirty years, and the relay's addresses stay the same.
 *
 * js-libp2p would make one for 14 days, and loses its address with it.
 *
 * The encoding is X.509 (RFC 5280) in DER (X.690).
 */
export function makeCertificate(now: number): StoredCertificate {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const algorithm = der(0x30, OID_ECDSA_SHA256)
  const name = der(0x30, der(0x31, der(0x30, OID_COMMON_NAME, der(0x0c, Buffer.from('blackhole relay')))))
  const serial = randomBytes(16)
  serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x40
  const year = 365 * 24 * 60 * 60 * 1000
  const body = der(
    0x30,
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, serial),
    algorithm,
    name,
    der(0x30, time(now - year / 365), time(now + 30 * year)),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
  )
  const signature = sign('sha256', body, privateKey)
  const certificate = der(0x30, body, algorithm, der(0x03, Buffer.from([0]), signature))
  return {
    privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    pem: pemOf(certificate),
    certhash: base64url.encode(create(SHA2_256, createHash('sha256').update(certificate).digest()).bytes),
  }
}

/** One DER value: tag, definite length, content. */
function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts)
  const length = content.byteLength
  const header =
    length < 0x80 ? [tag, length] : length < 0x100 ? [tag, 0x81, length] : [tag, 0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from(header), content])
}

/** GeneralizedTime, as RFC 5280 wants it for years after 2049. */
function time(ms: number): Buffer {
  const text = new Date(ms).toISOString().replace(/[-:T]/g, '').slice(0, 14)
  const year = Number(text.slice(0, 4))
  return year < 2050 ? der(0x17, Buffer.from(`${text.slice(2)}Z`)) : der(0x18, Buffer.from(`${text}Z`))
}

function pemOf(bytes: Buffer): string {
  const lines = bytes.toString('base64').match(/.{1,64}/g) ?? []
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n')
}
