import * as CarBufferWriter from '@ipld/car/buffer-writer'
import { CID } from 'multiformats/cid'

/** A block for a CAR. */
export interface CarBlock {
  readonly cid: string
  readonly bytes: Uint8Array
}

/** Encodes blocks as one CAR (version 1, IPLD CAR specification). */
export function encodeCar(root: string, blocks: readonly CarBlock[]): Uint8Array<ArrayBuffer> {
  const roots = [CID.parse(root)]
  const parsed = blocks.map(({ cid, bytes }) => ({ cid: CID.parse(cid), bytes }))
  const size = parsed.reduce(
    (sum, block) => sum + CarBufferWriter.blockLength(block),
    CarBufferWriter.headerLength({ roots }),
  )
  const writer = CarBufferWriter.createWriter(new ArrayBuffer(size), { roots })
  for (const block of parsed) writer.write(block)
  return new Uint8Array(writer.close())
}
