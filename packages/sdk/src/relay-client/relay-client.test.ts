import { describe, expect, it } from 'vitest'
import { siteNameOf, type SiteName } from '@blackhole/protocol'
import { generateKeyPair } from '@libp2p/crypto/keys'
import { RelayClient } from './relay-client.ts'

const SITE: SiteName = siteNameOf((await generateKeyPair('Ed25519')).publicKey)
const INFO = {
  peerId: '12D3KooWAZ1kaKtVgFRbJUFwE1SfuCueYaSaWp693ZndPzvtm7kp',
  version: '1',
  addresses: [],
  stun: [],
  siteHost: 'localhost:8080',
  maxUploadBytes: 1024,
  serving: true,
}

/** CID of the block of no bytes. */
const EMPTY_BLOCK = 'bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku'

const MIB = 1024 * 1024

type Answer = Response | Error | ((request: Request) => Promise<Response>)

/** A client whose requests get these answers in turn. */
function client(...answers: Answer[]): { client: RelayClient; requests: Request[] } {
  const requests: Request[] = []
  const fetcher: typeof fetch = async (input, init) => {
    const request = new Request(input, init)
    requests.push(request)
    const answer = answers[requests.length - 1]
    if (answer instanceof Response) return answer
    if (typeof answer === 'function') return await answer(request)
    throw answer ?? new Error('One request too many')
  }
  return {
    requests,
    client: new RelayClient(
      { fetch: fetcher, random: () => 0 },
      { url: 'http://relay.test:8080/x', retryDelayMs: 0, timeoutMs: 50 },
    ),
  }
}

describe('RelayClient', () => {
  it('reads what a relay says of itself, below its origin', async () => {
    const { client: relay, requests } = client(Response.json(INFO))
    expect(await relay.info()).toEqual(INFO)
    expect(requests[0]?.url).toBe('http://relay.test:8080/.blackhole/api/v1/relay')
  })

  it.each([
    ['a page', () => new Response('<!doctype html><title>It works!</title>')],
    ['an empty answer', () => new Response('')],
    ['another JSON', () => Response.json({ ok: true })],
    ['wrong types', () => Response.json({ ...INFO, addresses: 'none' })],
    ['another scheme', () => Response.json({ ...INFO, siteScheme: 'javascript' })],
    ['a list', () => Response.json([])],
    ['bytes that are no UTF-8', () => new Response(Uint8Array.of(0xff, 0xfe))],
  ])('names the URL when something else answers: %s', async (_, answer) => {
    await expect(client(answer()).client.info()).rejects.toMatchObject({
      reason: 'invalid',
      message: expect.stringContaining(
        'http://relay.test:8080/.blackhole/api/v1/relay did not answer as a Blackhole relay does',
      ) as string,
    })
  })

  it('names the URL and the cause when nothing answers, after three tries', async () => {
    const refused = (): Error => new TypeError('fetch failed', { cause: { code: 'ECONNREFUSED' } })
    const { client: relay, requests } = client(refused(), refused(), refused())
    await expect(relay.info()).rejects.toMatchObject({
      reason: 'unavailable',
      message: expect.stringMatching(
        /^http:\/\/relay\.test:8080\/.* can't be reached: fetch failed \(ECONNREFUSED\)$/,
      ) as string,
    })
    expect(requests).toHaveLength(3)
  })

  it('goes on when a relay comes back', async () => {
    const { client: relay } = client(new Response('', { status: 503 }), Response.json(INFO))
    expect(await relay.info()).toEqual(INFO)
  })

  it('has a deadline', async () => {
    const hangs = (request: Request): Promise<Response> =>
      new Promise((_, reject) => {
        request.signal.addEventListener('abort', () => {
          reject(request.signal.reason as Error)
        })
      })
    await expect(client(hangs, hangs, hangs).client.info()).rejects.toMatchObject({ name: 'DeadlineError' })
  })

  it('gives the error that the relay gave, and does not repeat what was refused', async () => {
    const { client: relay, requests } = client(
      Response.json(
        { error: { name: 'LimitError', reason: 'full', message: 'The quota is used up' } },
        { status: 507 },
      ),
    )
    await expect(relay.missing(SITE, ['x'], 'token')).rejects.toMatchObject({
      name: 'LimitError',
      reason: 'full',
      message: 'The quota is used up',
    })
    expect(requests).toHaveLength(1)
  })

  it('refuses missing blocks that it did not ask about', async () => {
    await expect(client(Response.json({ missing: ['b'] })).client.missing(SITE, ['a'], 't')).rejects.toThrow(
      'asked about',
    )
  })

  it.each([
    ['is no text', 7],
    ['is a list', ['AAAA']],
    ['is nothing', null],
    ['has no bound', 'A'.repeat(MIB)],
  ])('takes a token without those in the swarm when what names them %s', async (_what, swarm) => {
    const answer = { token: 'a.b.c', expires: '2026-01-01T00:00:00Z', swarm }
    expect(await client(Response.json(answer)).client.swarmToken(SITE, INFO.peerId, { want: 5 })).toEqual({
      token: 'a.b.c',
      expires: '2026-01-01T00:00:00Z',
    })
  })

  it('refuses a record that is too long, whatever its header says', async () => {
    const endless = new ReadableStream<Uint8Array>({
      pull(stream) {
        stream.enqueue(new Uint8Array(4096))
      },
    })
    await expect(client(new Response(endless)).client.record(SITE)).rejects.toMatchObject({ reason: 'limit' })
  })

  it.each([
    ['about itself', (relay: RelayClient) => relay.info()],
    ['about its sites', (relay: RelayClient) => relay.sites()],
    ['about what it lacks', (relay: RelayClient) => relay.missing(SITE, ['a'], 't')],
    ['with a swarm token', (relay: RelayClient) => relay.swarmToken(SITE, INFO.peerId)],
    ['with a block', (relay: RelayClient) => relay.block(EMPTY_BLOCK)],
  ])('reads no further than the bound when a relay answers without end, %s', async (_, ask) => {
    let sent = 0
    let ended = false
    const endless = new ReadableStream<Uint8Array>({
      pull(stream) {
        sent += MIB
        stream.enqueue(new Uint8Array(MIB))
      },
      cancel() {
        ended = true
      },
    })
    await expect(ask(client(new Response(endless)).client)).rejects.toMatchObject({ name: 'LimitError' })
    expect(ended).toBe(true)
    expect(sent).toBeLessThan(70 * MIB)
  })

  it('has no record where the relay has none', async () => {
    expect(await client(new Response('', { status: 404 })).client.record(SITE)).toBeUndefined()
  })

  it('refuses a block that is not what its CID says', async () => {
    await expect(client(new Response('not empty')).client.block(EMPTY_BLOCK)).rejects.toMatchObject({
      name: 'CorruptBlockError',
    })
    expect(await client(new Response('')).client.block(EMPTY_BLOCK)).toEqual(new Uint8Array(0))
  })

  it('refuses an address that is none', () => {
    expect(() => new RelayClient({}, { url: 'ftp://relay.test' })).toThrow('the address of a relay')
    expect(() => new RelayClient({}, { url: 'http://user:secret@relay.test' })).toThrow('without user and password')
  })
})
