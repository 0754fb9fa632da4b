import { expect, it } from 'vitest'
import { MAX_BLOCK_BYTES } from '@blackhole/protocol'
import { CID } from 'multiformats/cid'
import { identity } from 'multiformats/hashes/identity'
import { sha512 } from 'multiformats/hashes/sha2'
import { verifyBlock } from './verify.ts'

const HELLO = new TextEncoder().encode('hello world')
/** `ipfs block put --cid-codec raw` of "hello world". */
const HELLO_CID = 'bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e'
/** The empty raw block. */
const EMPTY_CID = 'bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku'

it('knows good bytes from bad ones', async () => {
  expect(await verifyBlock(HELLO_CID, HELLO)).toBe(true)
  expect(await verifyBlock(CID.parse(HELLO_CID), HELLO)).toBe(true)
  expect(await verifyBlock(HELLO_CID, HELLO.slice(1))).toBe(false)
  expect(await verifyBlock(EMPTY_CID, new Uint8Array(0))).toBe(true)
})

it('compares identity CIDs', async () => {
  const cid = CID.createV1(0x55, identity.digest(HELLO))
  expect(await verifyBlock(cid, HELLO)).toBe(true)
  expect(await verifyBlock(cid, HELLO.slice(1))).toBe(false)
})

it('trusts no hash that it can not check, and no block that is too large', async () => {
  expect(await verifyBlock(CID.createV1(0x55, await sha512.digest(HELLO)), HELLO)).toBe(false)
  const large = new Uint8Array(MAX_BLOCK_BYTES + 1)
  expect(await verifyBlock(CID.createV1(0x55, identity.digest(large)), large)).toBe(false)
})

it('names what is not a CID', async () => {
  await expect(verifyBlock('nonsense', HELLO)).rejects.toMatchObject({ name: 'ValidationError', subject: 'cid' })
})
