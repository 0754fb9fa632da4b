import { BlackholeError, MAX_BLOCK_BYTES } from '@blackhole/protocol'
import { findEntry, loadManifest } from '@blackhole/site'
import { encode as encodeNode } from '@ipld/dag-pb'
import fc from 'fast-check'
import { UnixFS } from 'ipfs-unixfs'
import { CID } from 'multiformats/cid'
import * as Digest from 'multiformats/hashes/digest'
import { blocksOf } from '../../packages/relay/src/http/routes/blocks.ts'
import { readBindingRequest } from '../../packages/relay/src/stun/message.ts'
import { encodeCar } from '../../packages/sdk/src/publish/encode-car.ts'
import { roundTrip } from '../harness/round-trip.ts'
import { bytes, cids } from '../harness/samples.ts'
import { promised } from '../harness/target.ts'
import type { Target } from '../harness/target.ts'

const ROOT = 'bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi'

/** Blocks, alone and in archives; and the one datagram that a relay reads. */
export function blockTargets(): Target[] {
  return [car(), folder(), stun()]
}

function car(): Target {
  const blocks = fc.array(fc.record({ cid: cids.map(String), bytes: bytes(300) }), { maxLength: 5 })
  return {
    name: 'car',
    about: 'an upload: a CAR of blocks',
    inputs: blocks.map((some) => encodeCar(ROOT, some)),
    words: ['roots', 'version', '\u00a2', '\u0001U\u0012 '],
    roundTrip: roundTrip(blocks, (some) => encodeCar(ROOT, some), readCar),
    decode: async (input) => {
      const found = await readCar(input)
      const total = found.reduce((sum, block) => sum + block.bytes.byteLength, 0)
      promised(total <= input.byteLength, 'gives no more bytes than came')
      return String(Math.min(found.length, 3))
    },
  }
}

async function readCar(input: Uint8Array): Promise<{ cid: string; bytes: Uint8Array<ArrayBuffer> }[]> {
  const found: { cid: string; bytes: Uint8Array<ArrayBuffer> }[] = []
  // In several chunks, as bodies come.
  const chunks = [input.subarray(0, 50), input.subarray(50, 51), input.subarray(51)]
  const body = (async function* () {
    for (const chunk of chunks) yield chunk
  })()
  for await (const { cid, bytes: data } of await blocksOf(body))
    found.push({ cid: cid.toString(), bytes: new Uint8Array(data) })
  return found
}

function folder(): Target {
  const links = fc
    .array(
      fc.tuple(
        fc.constantFrom('.blackhole', 'manifest.json', 'index.html', '00.blackhole', 'F0', 'E4manifest.json'),
        cids,
      ),
      { maxLength: 5 },
    )
    .map((some) => some.map(([Name, Hash]) => ({ Name, Hash, Tsize: 1 })))
  const data = fc.oneof(
    fc.constant(new UnixFS({ type: 'directory' }).marshal()),
    fc
      .constantFrom(2n, 16n, 256n, 1024n, 3n)
      .map((fanout) =>
        new UnixFS({ type: 'hamt-sharded-directory', fanout, hashType: 0x22n, data: Uint8Array.of(0xff) }).marshal(),
      ),
    fc
      .array(fc.constantFrom(0n, 10n, 1_048_576n, 2n ** 63n), { maxLength: 5 })
      .map((blockSizes) => new UnixFS({ type: 'file', blockSizes }).marshal()),
  )
  return {
    name: 'folder',
    about: "a UnixFS node in the place of a site's folders and of its manifest's",
    inputs: fc
      .tuple(data, links)
      .map(([Data, Links]) => encodeNode({ Data, Links: Links.sort((a, b) => (a.Name < b.Name ? -1 : 1)) })),
    words: ['.blackhole', 'manifest.json'],
    decode: async (input) => {
      const root = CID.createV1(0x70, Digest.create(0x12, new Uint8Array(32)))
      let asked = 0
      // A node that stands for all its descendants: a folder in a folder in a folder.
      const getBlock = async (cid: CID): Promise<Uint8Array> => {
        asked += 1
        promised(asked <= 5_000, 'asks for no more blocks than a manifest may have')
        return cid.code === 0x55 ? new Uint8Array(20) : input
      }
      promised(input.byteLength <= MAX_BLOCK_BYTES, 'is no larger than a block')
      const entry = await findEntry(root, 'index.html', getBlock)
      try {
        await loadManifest(root, getBlock)
      } catch (error) {
        if (!(error instanceof BlackholeError)) throw error
        return `${entry === undefined ? 'no entry' : 'entry'} ${error.reason}`
      }
      return 'manifest'
    },
  }
}

function stun(): Target {
  const requests = fc
    .tuple(
      bytes(12, 12),
      fc.array(fc.tuple(fc.constantFrom(0x0006, 0x0024, 0x7fff, 0x8022), bytes(9)), { maxLength: 4 }),
    )
    .map(([id, attributes]) => {
      const parts = attributes.map(([type, value]) =>
        Buffer.concat([
          Uint8Array.of(type >> 8, type & 0xff, 0, value.byteLength),
          value,
          new Uint8Array((4 - (value.byteLength % 4)) % 4),
        ]),
      )
      const body = Buffer.concat(parts)
      return new Uint8Array(Buffer.concat([Uint8Array.of(0, 1, 0, body.byteLength, 0x21, 0x12, 0xa4, 0x42), id, body]))
    })
  return {
    name: 'stun',
    about: 'a STUN Binding request',
    inputs: requests,
    decode: (input) => {
      const request = readBindingRequest(input)
      if (request === undefined) return 'dropped'
      promised(request.transactionId.byteLength === 12, 'has a transaction id of 12 bytes')
      return request.unknown.length === 0 ? 'understood' : 'unknown attributes'
    },
  }
}
