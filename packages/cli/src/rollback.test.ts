import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { ListedVersion } from '@blackhole/protocol'
import type { PublishResult } from '@blackhole/testkit'
import { describe, expect, it } from 'vitest'
import { testOwner } from './owner-harness.ts'

/** A relay is a process of its own, on a machine that does other things too. */
const SLOW = { timeout: 60_000 }

const owner = testOwner()

/** Publishes the folder, with this text as its page. */
async function publish(text?: string, ...args: string[]): Promise<PublishResult> {
  if (text !== undefined) await writeFile(join(owner.folder, 'index.html'), text)
  return await owner.publish(...args)
}

describe('rollback and unpublish', SLOW, () => {
  it('goes back to the version before, or to one that is named, as a new version', async () => {
    const roots: string[] = []
    for (const text of ['one', 'two', 'three']) roots.push((await publish(text)).root)
    const back = await owner.run('rollback', owner.folder, '--json')
    expect(back.code).toBe(0)
    expect(JSON.parse(back.stdout)).toMatchObject({ version: 4, restored: 2, root: roots[1] })
    // One step further back each time, and nothing is before the first.
    const further = await owner.run('rollback', owner.folder)
    expect(further.stdout).toMatch(/^version +5, with the content of version 1$/m)
    expect((await owner.run('rollback', owner.folder)).stderr).toMatch(
      /version 1; a version with content before it was not/,
    )
    await owner.run('rollback', owner.folder, '--to', '3')
    const to = await owner.run('rollback', owner.folder, '--to', '1', '--json')
    expect(JSON.parse(to.stdout)).toMatchObject({ version: 7, restored: 1, root: roots[0] })
    const name = (JSON.parse(to.stdout) as { name: string }).name
    expect(await (await fetch(`${owner.relay.url}/ipns/${name}/`)).text()).toContain('one')
    expect((await owner.run('rollback', owner.folder, '--to', '99')).stderr).toMatch(/Version 99 .* was not found/)
    expect((await publish('four')).version).toBe(8)
  })

  it('goes by the age of content, and not by the number that it is held as', async () => {
    for (let n = 1; n <= 10; n++) await publish(String(n))
    for (const version of ['2', '3']) expect((await owner.run('rollback', owner.folder, '--to', version)).code).toBe(0)
    // The relay keeps ten versions: content 2 is there as version 11 only, and older than that of version 3.
    const back = JSON.parse((await owner.run('rollback', owner.folder, '--json')).stdout) as PublishResult
    expect(back).toMatchObject({ version: 13, restored: 11 })
    expect(await (await fetch(`${owner.relay.url}/ipns/${back.name}/`)).text()).toBe('2')
  })

  it('ends a site', async () => {
    const { name } = await publish()
    const { code, stdout } = await owner.run('unpublish', owner.folder, '--json')
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ name, version: 2 })
  })

  it('never goes back to the end of a site', async () => {
    const first = await publish()
    await owner.run('unpublish', owner.folder)
    expect((await publish()).version).toBe(3)
    expect(await owner.run('rollback', owner.folder, '--to', '2')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('Version 2 ended the site'),
    })
    const { code, stderr } = await owner.run('rollback', owner.folder)
    expect([code, stderr]).toEqual([1, expect.stringContaining('a version with content before it was not found')])
    expect((await publish('four')).version).toBe(4)
    const back = JSON.parse((await owner.run('rollback', owner.folder, '--json')).stdout) as PublishResult
    expect(back).toMatchObject({ name: first.name, version: 5, restored: 3 })
    expect((await owner.run('rollback', owner.folder)).code).toBe(1)
  })

  it('lists sites', async () => {
    const { name } = await publish()
    const { stdout } = await owner.run('sites', '--json')
    expect((JSON.parse(stdout) as { sites: { name: string }[] }).sites.map((site) => site.name)).toContain(name)
    expect((await owner.run('sites')).stdout).toContain(name)
  })
})

describe('rollback at a relay that is of before, damaged or hostile', SLOW, () => {
  /** Stands before the relay and changes what it lists, or withholds manifests. */
  async function startBefore(changes: {
    list?: (versions: ListedVersion[]) => ListedVersion[]
    withholds?: (cid: string) => boolean
    /** Gives any block that the relay has as a manifest's. */
    givesAll?: boolean
  }): Promise<{ url: string; close: () => void }> {
    const server = createServer((request, response) => {
      void (async () => {
        const chunks: Buffer[] = []
        for await (const chunk of request) chunks.push(chunk as Buffer)
        const path = request.url ?? ''
        const cid = /\/manifest\/(\w+)$/.exec(path)?.[1]
        if (cid !== undefined && changes.withholds?.(cid) === true) {
          response.writeHead(404).end(JSON.stringify({ name: 'NotFoundError', reason: 'missing', message: 'not here' }))
          return
        }
        const { authorization, accept, 'content-type': type } = request.headers
        const answer =
          cid !== undefined && changes.givesAll === true
            ? await fetch(`${owner.relay.url}/ipfs/${cid}?format=raw`)
            : await fetch(`${owner.relay.url}${path}`, {
                method: request.method ?? 'GET',
                headers: {
                  ...(authorization === undefined ? {} : { authorization }),
                  ...(accept === undefined ? {} : { accept }),
                  ...(type === undefined ? {} : { 'content-type': type }),
                },
                ...(chunks.length === 0 ? {} : { body: Buffer.concat(chunks) }),
              })
        const isList = path.endsWith('/versions')
        const body = isList
          ? Buffer.from(JSON.stringify((changes.list ?? ((list) => list))((await answer.json()) as ListedVersion[])))
          : Buffer.from(await answer.arrayBuffer())
        response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? '' }).end(body)
      })()
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const url = `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`
    return { url, close: () => server.close() }
  }

  const withoutRecords = (versions: ListedVersion[]): ListedVersion[] =>
    versions.map(({ version, root, published }) => ({ version, root, published }))

  async function newestOf({ name }: PublishResult): Promise<number | undefined> {
    const { stdout } = await owner.run('sites', name, '--json')
    return (JSON.parse(stdout) as { versions: { version: number }[] }).versions[0]?.version
  }

  it('signs nothing that the owner did not publish, whatever the relay names', async () => {
    const one = await publish('one')
    const two = await publish('two')
    const strange = await publish('not yours', '--key', 'stranger')
    const replaced = (versions: ListedVersion[]): ListedVersion[] =>
      versions.map((version) => (version.version === 1 ? { ...version, root: strange.root } : version))
    for (const list of [replaced, (versions: ListedVersion[]) => withoutRecords(replaced(versions))]) {
      const hostile = await startBefore({ list, givesAll: true })
      try {
        const back = await owner.run('rollback', owner.folder, '--relay', hostile.url)
        expect(back).toMatchObject({ code: 1, stderr: expect.stringContaining('Nothing shows that version 1') })
        const to = await owner.run('rollback', owner.folder, '--to', '1', '--relay', hostile.url)
        expect(to).toMatchObject({ code: 1, stderr: expect.stringContaining('nothing shows that it is yours') })
      } finally {
        hostile.close()
      }
    }
    expect(await newestOf(two)).toBe(2)
    // Beside one that tells the truth, a liar changes nothing.
    const hostile = await startBefore({ list: replaced })
    try {
      const both = await owner.run(
        'rollback',
        owner.folder,
        '--json',
        '--relay',
        hostile.url,
        '--relay',
        owner.relay.url,
      )
      expect(JSON.parse(both.stdout)).toMatchObject({ root: one.root, restored: 1 })
    } finally {
      hostile.close()
    }
  })

  it('goes by what the versions come from where the relay kept no records, or says that it is to be upgraded', async () => {
    const one = await publish('one')
    const two = await publish('two')
    const three = await publish('three')
    const unaware = await startBefore({ list: withoutRecords })
    // Gives the manifest of the newest version alone.
    const old = await startBefore({ list: withoutRecords, withholds: (cid) => [one.root, two.root].includes(cid) })
    try {
      const refused = await owner.run('rollback', owner.folder, '--relay', old.url)
      expect(refused).toMatchObject({ code: 1, stderr: expect.stringMatching(/version 2 can't be read.*be upgraded/) })
      expect(await owner.run('rollback', owner.folder, '--relay', old.url, '--to', '1')).toMatchObject({
        code: 1,
        stderr: expect.stringMatching(/nothing shows that it is yours.* be upgraded/),
      })
      expect(await newestOf(three)).toBe(3)
      const named = await owner.run('rollback', owner.folder, '--json', '--relay', old.url, '--to', '2')
      expect(named.stderr).toContain('warning: What version 2 holds can')
      expect(JSON.parse(named.stdout)).toMatchObject({ version: 4, restored: 2, root: two.root })
      const back = await owner.run('rollback', owner.folder, '--json', '--relay', unaware.url)
      expect(JSON.parse(back.stdout)).toMatchObject({ version: 5, restored: 1, root: one.root })
    } finally {
      old.close()
      unaware.close()
    }
  })

  it('passes over a version that is damaged, and says so', async () => {
    const one = await publish('one')
    const two = await publish('two')
    await publish('three')
    const damaged = await startBefore({ withholds: (cid) => cid === two.root })
    try {
      const back = await owner.run('rollback', owner.folder, '--json', '--relay', damaged.url)
      expect(back.stderr).toMatch(/warning: What the relay holds as version 2 can't be read.*passed over/)
      expect(JSON.parse(back.stdout)).toMatchObject({ version: 4, restored: 1, root: one.root })
    } finally {
      damaged.close()
    }
  })
})
